"""Encodes and decodes messages with other people's Python implementations, one request a line on standard input.

{"format": "bbqr"|"ur", "do": "encode", "hex", "type", "size"[, "encoding", "parts"]} -> {"parts": [...]}
{"format": "bbqr"|"ur", "do": "decode", "parts": [...]}                              -> {"hex", "type"}
{"format": "registry", "do": "encode", "type", "keys": [{...}]}                      -> {"hex"}
{"format": "registry", "do": "decode", "type", "hex"}                                -> {"descriptors": [...]}

The hex of a UR is its CBOR, as that of a registry type. A key has `key`, `chain_code`, `fingerprint` (the master's) and `parent` in hex,
`test` for test networks, `hardened` (the numbers of its path) and `scripts` (the tags of expressions around it). Answers are one line each; a failure is {"error"}.
"""

import json
import sys

from bitcoin_qr_tools.bbqr.join import join_qrs
from bitcoin_qr_tools.bbqr.split import split_qrs
from bitcoin_qr_tools.ur.ur import UR
from bitcoin_qr_tools.ur.ur_decoder import URDecoder
from bitcoin_qr_tools.ur.ur_encoder import UREncoder
from urtypes.crypto import Account, CoinInfo, HDKey, Keypath, Output, PathComponent
from urtypes.crypto.output import SCRIPT_EXPRESSION_TAG_MAP


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


def hd_key(request):
    path = [PathComponent(index, True) for index in request["hardened"]]
    return HDKey(
        {
            "key": bytes.fromhex(request["key"]),
            "chain_code": bytes.fromhex(request["chain_code"]),
            "use_info": CoinInfo(None, 1) if request["test"] else None,
            "origin": Keypath(path, bytes.fromhex(request["fingerprint"]), None),
            "parent_fingerprint": bytes.fromhex(request["parent"]),
        }
    )


def output(request):
    return Output([SCRIPT_EXPRESSION_TAG_MAP[tag] for tag in request["scripts"]], hd_key(request))


def registry_encode(request):
    keys = request["keys"]
    item = {
        "crypto-hdkey": lambda: hd_key(keys[0]),
        "crypto-output": lambda: output(keys[0]),
        "crypto-account": lambda: Account(bytes.fromhex(keys[0]["fingerprint"]), [output(key) for key in keys]),
    }[request["type"]]()
    return {"hex": item.to_cbor().hex()}


def registry_decode(request):
    cbor = bytes.fromhex(request["hex"])
    if request["type"] == "crypto-hdkey":
        return {"descriptors": [HDKey.from_cbor(cbor).descriptor_key()]}
    if request["type"] == "crypto-output":
        outputs = [Output.from_cbor(cbor)]
    else:
        outputs = Account.from_cbor(cbor).output_descriptors
    return {"descriptors": [output.descriptor(False) for output in outputs]}


DO = {
    ("bbqr", "encode"): bbqr_encode,
    ("bbqr", "decode"): bbqr_decode,
    ("ur", "encode"): ur_encode,
    ("ur", "decode"): ur_decode,
    ("registry", "encode"): registry_encode,
    ("registry", "decode"): registry_decode,
}

for line in sys.stdin:
    request = json.loads(line)
    try:
        answer = DO[request["format"], request["do"]](request)
    except Exception as error:
        answer = {"error": repr(error)}
    print(json.dumps(answer), flush=True)
