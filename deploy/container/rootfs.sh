#!/bin/sh
# Gather the files that an installed nearfar needs, with the libraries of the system that they load.
#   rootfs.sh APP FOLDER
set -eu
app=$1 root=$2
python=$(readlink -f "$app/bin/python")
version=$(basename "$python")
mkdir -p "$root/tmp" "$root/data" "$root/etc/ssl/certs" "$root/proc" "$root/sys" "$root/dev"
chmod 1777 "$root/tmp"

# Python, without what is for developers.
cp --parents -a "$python" "/usr/lib/$version" "$root"
ln -s "$version" "$root/usr/bin/python3"
(cd "$root/usr/lib/$version" && rm -rf ensurepip idlelib lib2to3 tkinter turtledemo test unittest \
    pydoc_data distutils config-* lib-dynload/_tkinter* dist-packages)
# Modules that drag old libraries in, or test the interpreter.
(cd "$root/usr/lib/$version/lib-dynload" && rm -f _dbm* _gdbm* readline* _curses* _test* _ctypes_test* _xx* nis.* ossaudiodev*)
find "$root/usr/lib" -name __pycache__ -prune -exec rm -rf {} +
if [ -d /usr/lib/python3/dist-packages ]; then mkdir -p "$root/usr/lib/python3/dist-packages"; fi
cp -a --parents "$app" "$root"

# The libraries that all of it is linked against, and the loader; Debian has /lib as a link.
for link in bin lib lib64; do
    if [ -L "/$link" ]; then mkdir -p "$root/$(readlink "/$link")"; ln -s "$(readlink "/$link")" "$root/$link"; fi
done
find "$root" -type f \( -name '*.so' -o -name '*.so.*' -o -path "$root$python" \) -exec ldd {} + 2>/dev/null |
    grep -oE '/[^ ]+\.so[^ ]*' | grep -vE "^($root|$app)" | sort -u >/tmp/libraries
while read -r file; do
    real=$(readlink -f "$file")
    mkdir -p "$root$(dirname "$real")"
    cp -a "$real" "$root$real"
    name=$(readlink -f "$(dirname "$file")")/$(basename "$file")
    mkdir -p "$root$(dirname "$name")"
    [ -e "$root$name" ] || ln -s "$real" "$root$name"
done </tmp/libraries
# glibc opens these by name when an address is looked up.
for name in libnss_files.so.2 libnss_dns.so.2 libresolv.so.2; do
    for file in /lib/*/"$name"; do
        if [ -e "$file" ]; then cp -L "$file" "$root$(readlink -f "$(dirname "$file")")/"; fi
    done
done

# Certificates, names, and who runs it.
cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/" 2>/dev/null || true
cp -L /etc/os-release "$root/etc/os-release"
printf 'hosts: files dns\n' >"$root/etc/nsswitch.conf"
printf 'root:x:0:0::/:/nologin\nnearfar:x:10001:10001::/data:/nologin\n' >"$root/etc/passwd"
printf 'root:x:0:\nnearfar:x:10001:\n' >"$root/etc/group"
chown 10001:10001 "$root/data"

# Which packages the files come from, and their licences: scanners and people look here.
mkdir -p "$root/var/lib/dpkg/status.d"
{ cat /tmp/libraries; echo "$python"; echo "/usr/lib/$version/os.py"; } | while read -r file; do
    dpkg -S "$file" "$(readlink -f "$file")" "${file#/usr}" 2>/dev/null || true
done | cut -d: -f1 | sort -u | while read -r package; do
    dpkg-query -s "$package" >"$root/var/lib/dpkg/status.d/$package"
    if [ -f "/usr/share/doc/$package/copyright" ]; then cp --parents -L "/usr/share/doc/$package/copyright" "$root"; fi
done

# Compiled code of what the service really imports: starts fast on a read-only file system.
chroot "$root" /app/bin/python -c '
import os, sys
sys.dont_write_bytecode = False
os.environ.update(NEARFAR_HOME="/tmp/home", HOME="/tmp")
import numpy, nearfar
from nearfar.service import create_app
create_app().openapi()
picture = nearfar.heatmap(nearfar.estimate(numpy.zeros((64, 64, 3), "uint8")))
for suffix in (".png", ".jpg", ".webp"):
    nearfar.read(picture.encoded(suffix))
import pi_heif, OpenEXR, sqlite3
import contextlib
with contextlib.suppress(ImportError):
    import av
    from nearfar.video import read, join, stereo
'
rm -rf "$root/tmp" && mkdir -m 1777 "$root/tmp"
