#!/usr/bin/python3
"""Makes everything that is known from the protocol description out of proto/kmsblit.xml.

    proto/gen.py --xml proto/kmsblit.xml [--c-types FILE] [--c-header FILE] [--c-source FILE]
                 [--python FILE] [--docs FILE] [--dict FILE]

The codec's header includes the types' header, which lies beside it as NAME_types.h.

The output depends on the description alone. A description with a mistake is refused as
`file:line: message`, with exit status 1, and nothing is written.
"""

from __future__ import annotations

import argparse
import os
import sys

sys.dont_write_bytecode = True

from gen import (  # noqa: E402
    emit_c_header,
    emit_c_source,
    emit_c_types,
    emit_dict,
    emit_docs,
    emit_python,
    reader,
)
from gen.model import BadDescription  # noqa: E402

EMITTERS = {
    "c_types": emit_c_types.emit,
    "c_header": emit_c_header.emit,
    "c_source": emit_c_source.emit,
    "python": emit_python.emit,
    "docs": emit_docs.emit,
    "dict": emit_dict.emit,
}


def main() -> int:
    parser = argparse.ArgumentParser(description="generates the protocol's code and reference")
    parser.add_argument("--xml", required=True)
    for name in EMITTERS:
        parser.add_argument("--" + name.replace("_", "-"), metavar="FILE")
    arguments = vars(parser.parse_args())
    try:
        protocol = reader.read(arguments["xml"])
    except BadDescription as why:
        print(why, file=sys.stderr)
        return 1
    texts = {
        arguments[name]: emit(protocol) for name, emit in EMITTERS.items() if arguments[name]
    }
    for path, text in texts.items():
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
