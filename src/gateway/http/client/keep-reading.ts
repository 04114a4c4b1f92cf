import type { Socket } from "node:net";

type Written = (error?: Error | null) => void;

/**
 * Lets a socket read on after a write has failed. Node destroys a socket whose write fails, and loses the bytes that had arrived:
 * the answer of an app that sends 413 in the middle of an upload and closes would be lost, depending on which
 * came first. Later writes are thrown away; the end of the connection is noticed by reading, as usual.
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
