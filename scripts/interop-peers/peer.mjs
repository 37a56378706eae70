// Encodes and decodes messages with other people's JavaScript implementations, one request a line on standard input. Requests and
// answers are those of peer.py. The first argument is the folder with node_modules.

import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const folder = process.argv[2];
const require = createRequire(join(folder, "package.json"));
const { UR, UREncoder, URDecoder } = require("@ngraveio/bc-ur");
const { joinQRs, splitQRs } = await import(pathToFileURL(join(folder, "node_modules/bbqr/dist/bbqr.js")));

const hex = (bytes) => Buffer.from(bytes).toString("hex");
const bytes = (hex) => Uint8Array.from(Buffer.from(hex, "hex"));

const DO = {
    "bbqr encode": ({ hex, type, size, encoding }) => ({
        parts: splitQRs(bytes(hex), type, { encoding, minVersion: size, maxVersion: size }).parts,
    }),
    "bbqr decode": ({ parts }) => {
        const { fileType, raw } = joinQRs(parts);
        return { type: fileType, hex: hex(raw) };
    },
    "ur encode": ({ hex, type, size, parts }) => {
        const encoder = new UREncoder(new UR(Buffer.from(hex, "hex"), type), size);
        return { parts: Array.from({ length: parts }, () => encoder.nextPart().toUpperCase()) };
    },
    "ur decode": ({ parts }) => {
        const decoder = new URDecoder();
        for (const part of parts) {
            decoder.receivePart(part);
            if (decoder.isComplete()) {
                const ur = decoder.resultUR();
                return { type: ur.type, hex: hex(ur.cbor) };
            }
        }
        throw new Error(`not complete after ${parts.length} parts`);
    },
};

for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    let answer;
    try {
        answer = DO[`${request.format} ${request.do}`](request);
    } catch (error) {
        answer = { error: String(error) };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
}
