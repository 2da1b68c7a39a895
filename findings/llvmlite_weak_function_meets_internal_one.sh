#!/usr/bin/env bash
# llvmlite 0.50.0 (LLVM 22); seen on 2026-11-29 with Python 3.11.
#
# Two object files in one engine. The first has an internal function `fee`, which nothing outside it
# can mean; the second has a weak one (linkonce_odr) of the same name, and calls it. What the second
# gets depends on which file was loaded first: after the other, its calls end in the internal
# function. The loader lists internal symbols among those by which it decides whether a weak one is
# known already. No warning. An optimiser may have fitted the internal function to its own callers,
# with fewer or other arguments. A private function has no symbol, and there each keeps its own.
#
# What is seen: the answers of the two files, whose functions add 1 and 2.
#     internal, then weak                 101, 101
#     weak, then internal                 101, 102
#     private, then weak                  101, 102
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -qq llvmlite==0.50.0

cat > two_files.py <<'END'
import ctypes
import sys

import llvmlite.binding as llvm

llvm.initialize_native_target()
llvm.initialize_native_asmprinter()
machine = llvm.Target.from_default_triple().create_target_machine(codemodel="jitdefault", jit=True)


def object_file(linkage, entry, added):
    """Compile an entry that calls `fee`, of this linkage, which adds a number."""
    module = llvm.parse_assembly(f"""
        define {linkage} i64 @fee(i64 %price) noinline {{
          %sum = add i64 %price, {added}
          ret i64 %sum
        }}
        define i64 @{entry}(i64 %price) {{
          %paid = call i64 @fee(i64 %price)
          ret i64 %paid
        }}
    """)
    return llvm.ObjectFileRef.from_data(machine.emit_object(module))


linkages = {"internal": ("first", 1), "private": ("first", 1), "linkonce_odr": ("second", 2)}
engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
kept = [object_file(linkage, *linkages[linkage]) for linkage in sys.argv[1:]]
for each in kept:
    engine.add_object_file(each)
engine.finalize_object()
answers = [
    ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(engine.get_function_address(name))(100)
    for name in ("first", "second")
]
print(*answers, sep=", ")
END

expect() {
    local seen
    seen=$(venv/bin/python two_files.py "$1" "$2")
    echo "$1, then $2: $seen"
    if [ "$seen" != "$3" ]; then
        echo "Changed: $1, then $2 gave '$seen' and not '$3'." >&2
        exit 1
    fi
}

expect internal linkonce_odr "101, 101"
expect linkonce_odr internal "101, 102"
expect private linkonce_odr "101, 102"
