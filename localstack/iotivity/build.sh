#!/usr/bin/env bash
# Builds the programs of device/ with iotivity-lite, into a folder:
#
#     build.sh FOLDER   ->   FOLDER/device-tcp  FOLDER/device-udp  FOLDER/provision
#
# The light is built twice, with and without TCP. iotivity-lite itself comes from the npm registry, in the one package that holds its
# sources with those of mbedTLS; what is built is exactly that package, by its digest. What watches over memory (AddressSanitizer) is built in: firmware in the field has been hurt by
# frames that the standard allows. Needs npm, gcc, make and openssl.
set -euo pipefail

package=iotivity-lite@0.1.2-node9
digest=K3j7gMBzMA7TN+LOOWQwmUPnu7usPXEBPttIVrSV5aZuavePplrBgQ9xwcpe72T4KsZ5Bi7wpub7sFGRap/XHg==

here=$(cd "$(dirname "$0")" && pwd)
out=$(mkdir -p "$1" && cd "$1" && pwd)

for tool in npm gcc make openssl; do
	command -v "$tool" >/dev/null || { echo "iotivity-lite needs $tool: apt-get install nodejs npm gcc make openssl" >&2; exit 1; }
done

archive="$out/iotivity-lite-0.1.2-node9.tgz"
intact() { [ -f "$archive" ] && [ "$(openssl dgst -sha512 -binary "$archive" | openssl base64 -A)" = "$digest" ]; }
if ! intact; then
	(cd "$out" && npm pack --silent --ignore-scripts "$package" >/dev/null)
	intact || { echo "$archive is not what it was: want sha512 $digest" >&2; exit 1; }
fi

# library NAME MAKE-VARIABLE...
library() {
	local sources="$out/$1"
	rm -rf "$sources" && mkdir -p "$sources" && tar -xzf "$archive" -C "$sources" --strip-components=1 \
		package/{api,include,messaging,patches,port,security,util} package/deps/{mbedtls/{include,library},tinycbor/src}
	# The package holds mbedTLS with the patches applied, and the Makefile wants to fetch and patch it again.
	mkdir "$sources/deps/mbedtls/.git" && touch "$sources/deps/mbedtls/patched.txt"
	# Newer compilers warn of more than the authors saw.
	sed -i 's/-Werror//' "$sources/port/linux/Makefile"
	make -C "$sources/port/linux" --silent --jobs="$(nproc)" ASAN=1 SECURE=1 PKI=1 DYNAMIC=1 IPV4=1 "${@:2}" libiotivity-lite-client-server.a \
		>"$out/$1.log" 2>&1 || { tail -20 "$out/$1.log" >&2; exit 1; }
}

# program NAME LIBRARY SOURCE COMPILER-FLAG...
program() {
	local sources="$out/$2"
	gcc -std=gnu11 -fsanitize=address -g -Wall -Wextra -Werror -O1 -o "$out/$1" \
		-DOC_SERVER -DOC_CLIENT -DOC_SECURITY -DOC_PKI -DOC_DYNAMIC_ALLOCATION -DOC_IPV4 -DOC_IDD_API "${@:4}" \
		-I"$here/device" -isystem "$sources/port/linux" -isystem "$sources/include" -isystem "$sources/deps/mbedtls/include" -isystem "$sources" \
		"$here"/device/{factory,light}.c "$here/device/$3" "$sources/port/linux/libiotivity-lite-client-server.a" -lm -pthread -lrt
}

library udp TCP=0
program device-udp udp device.c
library tcp TCP=1 CLOUD=1
program device-tcp tcp device.c -DOC_TCP -DOC_CLOUD
program provision tcp provision.c -DOC_TCP -DOC_CLOUD
