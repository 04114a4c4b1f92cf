import type { ServerResponse } from "node:http";
import type { Transform } from "node:stream";
import type { RawHeaders } from "../../domain/raw-headers.ts";
import { Fault } from "../../errors.ts";
import type { HeadPlan } from "./exchange.ts";
import { passed } from "./gc.ts";

/** The source of the bytes that an outlet writes. */
export interface Source {
  pause(): void;
  resume(): void;
  /** The answer isn't out at once: from now on it may stall. */
  lingers(): void;
  /** The answer can't go on: its head can't be written, or its transform gave up. */
  spoilt(error: Error): void;
}

/** Bodies up to this many bytes cost less to copy into the head's text than to write beside it. */
const SMALL = 4_096;

/**
 * Writes one answer to the client, at the client's pace. Head and body of a small answer leave in one write; everything
 * later leaves as it comes. With a transform that may fail, the
 * head waits for its first byte, so that a failure can still be told.
 */
export class Outlet {
  /** Body bytes written. */
  bytes = 0;
  /** The client takes no more at the moment. */
  blocked = false;
  readonly #response: ServerResponse;
  readonly #source: Source;
  #plan: HeadPlan | null = null;
  /** What came before there was a plan; `#complete` says that it is all. */
  #early: Buffer[] = [];
  #complete = false;
  #begun = false;
  #ended = false;
  /** The first chunk, until its tick is over. */
  #held: Buffer | null = null;
  #holding = true;

  constructor(response: ServerResponse, source: Source) {
    this.#response = response;
    this.#source = source;
  }

  /** Begins the answer, with all that came before. */
  open(plan: HeadPlan): void {
    if (this.#ended) {
      plan.transform?.destroy();
      return;
    }
    this.#plan = plan;
    if (plan.transform === null || plan.watches === true) this.#begins(plan);
    if (plan.transform !== null) this.#through(plan, plan.transform);
    process.nextTick(Outlet.#flush, this);
    for (const chunk of this.#early) this.write(chunk);
    this.#early = [];
    if (this.#complete) this.end();
  }

  write(chunk: Buffer): void {
    if (this.#ended) return;
    if (this.#plan === null) this.#early.push(chunk);
    else if (this.#plan.transform === null) this.#pass(chunk);
    else if (!this.#plan.transform.write(chunk)) this.#source.pause();
  }

  /** The app's answer is complete. */
  end(): void {
    this.#complete = true;
    if (this.#ended || this.#plan === null) return;
    if (this.#plan.transform === null) this.#finish();
    else this.#plan.transform.end();
    if (!this.#response.writableEnded || this.#response.writableLength > 0) this.#source.lingers();
  }

  /** Lets go of everything but the response. */
  drop(): void {
    this.#ended = true;
    this.#plan?.transform?.destroy();
  }

  /** The tick of the head is over: nothing is held back from here on. */
  static #flush(it: Outlet): void {
    it.#holding = false;
    if (it.#ended) return;
    const held = it.#held;
    it.#held = null;
    if (held !== null) it.#send(held);
    // `flushHeaders` would write the bytes of the head as UTF-8.
    else if (it.#begun && it.bytes === 0) it.#response.write("", "latin1");
    it.#source.lingers();
  }

  /** Writes the head unless it is written; false if it can't be. */
  #begins({ status, message, headers }: HeadPlan): boolean {
    if (this.#begun) return true;
    try {
      this.#response.writeHead(status, message, asNodeWrites(headers));
      this.#begun = true;
    } catch (error) {
      // Else the page that is sent instead would inherit the phrase that could not be written.
      this.#response.statusMessage = "";
      this.#source.spoilt(
        new Fault("upstream-protocol", `the head can not be sent: ${String(error)}`, { cause: error }),
      );
    }
    return this.#begun;
  }

  #pass(chunk: Buffer): void {
    const held = this.#held;
    if (held !== null) {
      this.#held = null;
      this.#send(held);
    }
    if (this.#holding && held === null) this.#held = chunk;
    else this.#send(chunk);
  }

  #send(chunk: Buffer): void {
    passed(chunk.length, this.bytes);
    this.bytes += chunk.length;
    if (this.#response.write(chunk) || this.blocked) return;
    this.blocked = true;
    this.#source.pause();
    this.#response.once("drain", () => {
      this.blocked = false;
      this.#plan?.transform?.resume();
      this.#source.resume();
    });
  }

  #finish(): void {
    this.#ended = true;
    const held = this.#held;
    if (held === null) {
      this.#response.end();
      return;
    }
    this.#held = null;
    this.bytes += held.length;
    // As text of the same bytes it leaves with the head in one piece, which costs less than a list of two.
    if (held.length <= SMALL) this.#response.end(held.toString("latin1"), "latin1");
    else this.#response.end(held);
  }

  #through(plan: HeadPlan, transform: Transform): void {
    transform.on("data", (chunk: Buffer) => {
      if (this.#ended || !this.#begins(plan)) return;
      this.#pass(chunk);
      if (this.blocked) transform.pause();
    });
    transform.on("drain", () => this.#source.resume());
    transform.on("end", () => {
      if (!this.#ended && this.#begins(plan)) this.#finish();
    });
    transform.on("error", (error) => this.#source.spoilt(error));
  }
}

/**
 * node takes the value of a `Content-Disposition` behind a `Content-Length` that isn't 0 for latin1 and then reads those bytes as UTF-8. Such
 * a value is turned the other way before, so that the bytes which came go out.
 */
function asNodeWrites(headers: RawHeaders): string[] {
  let sized = false;
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] ?? "";
    if (name.length === 14 && name.toLowerCase() === "content-length") sized = Number(headers[at + 1]) > 0;
    if (!sized || name.length !== 19 || name.toLowerCase() !== "content-disposition") continue;
    const turned = [...headers];
    for (let next = at; next + 1 < turned.length; next += 2) {
      if (turned[next]?.toLowerCase() === "content-disposition")
        turned[next + 1] = Buffer.from(turned[next + 1] ?? "").toString("latin1");
    }
    return turned;
  }
  return headers as string[];
}
