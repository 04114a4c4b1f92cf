/** One mail, in plain text, and in HTML unless that is null. No text can add a header line: the library folds and encodes all of them. */
export interface Mail {
  readonly from: string;
  readonly replyTo: string | null;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string | null;
  readonly attachment?: { readonly name: string; readonly type: string; readonly base64: string };
  /** The same for the same mail, so that a second copy of it can be told. */
  readonly id: string;
}

/** Gives a mail to the server at this address (`smtp:` or `smtps:`). Rejects where it doesn't take it. */
export type Mailer = (url: string, mail: Mail) => Promise<void>;

const LONGEST = 10_000;

export const mailer: Mailer = async (url, { replyTo, id, html, attachment, ...mail }) => {
  // Loaded by the first mail: a gateway that sends none starts without it.
  const { createTransport } = await import("nodemailer");
  const transport = createTransport({
    url,
    connectionTimeout: LONGEST,
    greetingTimeout: LONGEST,
    socketTimeout: LONGEST,
    dnsTimeout: LONGEST,
    // No text of a mail can make the library read a file or a URL.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  try {
    const domain = mail.from.match(/@([\w.-]+)/)?.[1] ?? "guise.invalid";
    await transport.sendMail({
      ...mail,
      ...(html === null ? {} : { html }),
      ...(attachment === undefined ? {} : { attachments: [attachedOf(attachment)] }),
      ...(replyTo === null ? {} : { replyTo }),
      messageId: `<${id}@${domain}>`,
      headers: { "Auto-Submitted": "auto-generated" },
    });
  } finally {
    transport.close();
  }
};

function attachedOf({ name, type, base64 }: NonNullable<Mail["attachment"]>) {
  return { filename: name, contentType: type, content: base64, encoding: "base64" as const };
}
