// The parts of RFC 6455 that the mock needs: unfragmented text frames, closing, and destroying a
// socket.
import { createHash } from "node:crypto";

const magic = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

export function accept(request, socket, { heard, closed }) {
  const key = createHash("sha1")
    .update(request.headers["sec-websocket-key"] + magic)
    .digest("base64");
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${key}\r\n\r\n`,
  );
  socket.setNoDelay(true);
  let buffer = Buffer.alloc(0);
  const frame = (opcode, payload) => {
    const size = payload.length;
    const head =
      size < 126
        ? Buffer.from([0x80 | opcode, size])
        : size < 65_536
          ? Buffer.from([0x80 | opcode, 126, size >> 8, size & 255])
          : Buffer.concat([Buffer.from([0x80 | opcode, 127, 0, 0, 0, 0]), uint32(size)]);
    if (socket.writable) socket.write(Buffer.concat([head, payload]));
  };
  socket.on("data", (data) => {
    buffer = Buffer.concat([buffer, data]);
    for (;;) {
      if (buffer.length < 2) return;
      let size = buffer[1] & 127;
      let at = 2;
      if (size === 126) [size, at] = [buffer.length >= 4 ? buffer.readUInt16BE(2) : Infinity, 4];
      else if (size === 127)
        [size, at] = [buffer.length >= 10 ? Number(buffer.readBigUInt64BE(2)) : Infinity, 10];
      if (buffer.length < at + 4 + size) return;
      const mask = buffer.subarray(at, at + 4);
      const payload = Buffer.from(buffer.subarray(at + 4, at + 4 + size)).map(
        (byte, index) => byte ^ mask[index % 4],
      );
      const opcode = buffer[0] & 15;
      buffer = buffer.subarray(at + 4 + size);
      if (opcode === 1) heard(payload.toString());
      if (opcode === 8) {
        frame(8, payload);
        socket.end();
      }
      if (opcode === 9) frame(10, payload);
    }
  });
  socket.on("error", () => {});
  socket.on("close", closed);
  return {
    send: (text) => frame(1, Buffer.from(text)),
    close: () => {
      frame(8, Buffer.from([3, 232]));
      socket.end();
    },
    /** Destroys the socket, as a lost network does. */
    tear: () => socket.destroy(),
  };
}

function uint32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
