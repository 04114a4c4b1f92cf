import type { Socket } from "node:net";

type Written = (error?: Error | null) => void;

/**
 * Has a socket read on when the other side takes nothing any more. Node gives a socket up whose write fails, and with it all
 * that was said before: an app that answers 413 in the middle of an upload and closes would go unheard, depending on which
 * came first. What is written from then on is thrown away; the end of the connection is told by reading, as ever.
 */
export function keepReading(socket: Socket): void {
  const write = socket._write;
  const writeMany = socket._writev;
  let broken = false;
  const quietly =
    (written: Written): Written =>
    (error) => {
      if (error !== null && error !== undefined) broken = true;
      written();
    };
  socket._write = (chunk, encoding, written) => {
    if (broken) written();
    else write.call(socket, chunk, encoding, quietly(written));
  };
  if (writeMany === undefined) return;
  socket._writev = (chunks, written) => {
    if (broken) written();
    else writeMany.call(socket, chunks, quietly(written));
  };
}
