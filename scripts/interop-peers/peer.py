"""Encodes and decodes messages with other people's Python implementations, one request a line on standard input.

{"format": "bbqr"|"ur", "do": "encode", "hex", "type", "size"[, "encoding", "parts"]} -> {"parts": [...]}
{"format": "bbqr"|"ur", "do": "decode", "parts": [...]}                              -> {"hex", "type"}

The hex of a UR is its CBOR. Answers are one line each; a failure is {"error"}.
"""

import json
import sys

from bitcoin_qr_tools.bbqr.join import join_qrs
from bitcoin_qr_tools.bbqr.split import split_qrs
from bitcoin_qr_tools.ur.ur import UR
from bitcoin_qr_tools.ur.ur_decoder import URDecoder
from bitcoin_qr_tools.ur.ur_encoder import UREncoder


def bbqr_encode(request):
    version, parts = split_qrs(
        bytes.fromhex(request["hex"]),
        request["type"],
        encoding=request["encoding"],
        min_version=request["size"],
        max_version=request["size"],
    )
    return {"parts": parts}


def bbqr_decode(request):
    file_type, raw = join_qrs(request["parts"])
    return {"type": file_type, "hex": raw.hex()}


def ur_encode(request):
    encoder = UREncoder(UR(request["type"], bytearray.fromhex(request["hex"])), request["size"])
    return {"parts": [encoder.next_part().upper() for _ in range(request["parts"])]}


def ur_decode(request):
    decoder = URDecoder()
    for part in request["parts"]:
        decoder.receive_part(part)
        if decoder.is_complete():
            return {"type": decoder.result.type, "hex": bytes(decoder.result.cbor).hex()}
    raise ValueError("not complete after %d parts" % len(request["parts"]))


DO = {
    ("bbqr", "encode"): bbqr_encode,
    ("bbqr", "decode"): bbqr_decode,
    ("ur", "encode"): ur_encode,
    ("ur", "decode"): ur_decode,
}

for line in sys.stdin:
    request = json.loads(line)
    try:
        answer = DO[request["format"], request["do"]](request)
    except Exception as error:
        answer = {"error": repr(error)}
    print(json.dumps(answer), flush=True)
