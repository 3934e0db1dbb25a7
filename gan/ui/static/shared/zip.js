// Files as one zip, stored as they are: pictures hardly get smaller.
(() => {
  const lab = window.latentLab;

  const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
    for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
    return n;
  });
  /** @type {(bytes: Uint8Array) => number} */
  const checksum = (bytes) => ~bytes.reduce((sum, byte) => TABLE[(sum ^ byte) & 255] ^ (sum >>> 8), -1) >>> 0;

  /** Numbers of two bytes, or of four where negative places say so. @type {(...fields: [bytes: number, value: number][]) => Uint8Array<ArrayBuffer>} */
  const record = (...fields) => {
    const view = new DataView(new ArrayBuffer(fields.reduce((sum, [bytes]) => sum + bytes, 0)));
    let at = 0;
    for (const [bytes, value] of fields) {
      if (bytes === 2) view.setUint16(at, value, true);
      else view.setUint32(at, value, true);
      at += bytes;
    }
    return new Uint8Array(view.buffer);
  };

  const PLAIN_DATE = 0x21; // 1 January 1980, the first that there is: the same files give the same zip
  const UTF8 = 0x800;

  lab.zip = (files) => {
    /** @type {Uint8Array<ArrayBuffer>[]} */
    const parts = [];
    /** @type {Uint8Array<ArrayBuffer>[]} */
    const directory = [];
    let at = 0;
    for (const { name, bytes } of files) {
      const letters = new TextEncoder().encode(name);
      /** @type {[number, number][]} */
      const about = [
        ...[2, 2, 2, 2].map((size, i) => /** @type {[number, number]} */ ([size, [20, UTF8, 0, 0][i]])),
        [2, PLAIN_DATE],
        [4, checksum(bytes)],
        [4, bytes.length],
        [4, bytes.length],
        [2, letters.length],
        [2, 0],
      ];
      const head = record([4, 0x04034b50], ...about);
      directory.push(record([4, 0x02014b50], [2, 20], ...about, [2, 0], [2, 0], [2, 0], [4, 0], [4, at]), letters);
      parts.push(head, letters, bytes);
      at += head.length + letters.length + bytes.length;
    }
    const size = directory.reduce((sum, { length }) => sum + length, 0);
    const end = record(
      ...[
        [4, 0x06054b50],
        [2, 0],
        [2, 0],
        [2, files.length],
        [2, files.length],
        [4, size],
        [4, at],
        [2, 0],
      ].map((field) => /** @type {[number, number]} */ (field)),
    );
    return new Blob([...parts, ...directory, end], { type: "application/zip" });
  };
})();
