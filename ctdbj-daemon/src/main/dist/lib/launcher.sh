# SPDX-License-Identifier: GPL-3.0-or-later
#
# What the launchers in bin/ share. POSIX sh; sourced with $home set to the
# directory above bin/ and $called to the absolute path it was called by.

fail() {
	echo "$(basename "$called"): $*" >&2
	exit 1
}

# Sets $jdk to the home of a Java of version 25 or newer.
find_jdk() {
	from_path=$(command -v java || true)
	[ -z "$from_path" ] || from_path=$(dirname "$(dirname "$(readlink -f "$from_path")")")
	for jdk in "${JAVA_HOME:-}" "$from_path" /usr/lib/jvm/*; do
		[ -n "$jdk" ] && [ -x "$jdk/bin/java" ] && [ -r "$jdk/release" ] || continue
		version=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$jdk/release")
		[ -n "$version" ] && [ "$version" -ge 25 ] && return
	done
	fail "Java 25 or newer is missing. Looked at JAVA_HOME (${JAVA_HOME:-not set}), PATH and /usr/lib/jvm." \
		"Install a JDK or JRE of version 25 or set JAVA_HOME to one."
}

# Sets $java to a copy of the java program under the name ctdbd: tools look for
# a process whose /proc/PID/exe has this name, which neither a symbolic link nor
# exec -a achieves. The copy finds its JDK by the links beside it.
find_renamed_java() {
	if [ -n "${CTDBJ_CACHE_DIR:-}" ]; then
		cache=$CTDBJ_CACHE_DIR
	elif [ "$(id -u)" = 0 ]; then
		cache=/var/cache/ctdbj
	else
		cache=${XDG_CACHE_HOME:-${HOME:?set HOME or CTDBJ_CACHE_DIR}/.cache}/ctdbj
	fi
	key=$({ echo "$jdk"; cat "$jdk/release"; ls -l "$jdk/bin/java"; } | cksum | tr -d ' ')
	java=$cache/$key/bin/ctdbd
	[ -x "$java" ] && return
	mkdir -p "$cache" || fail "cannot make $cache; set CTDBJ_CACHE_DIR to a directory that can be written"
	new=$(mktemp -d "$cache/new.XXXXXX") || fail "cannot write to $cache"
	chmod 0755 "$new"
	mkdir "$new/bin"
	cp "$jdk/bin/java" "$new/bin/ctdbd" || fail "cannot copy $jdk/bin/java to $new"
	for part in "$jdk"/*; do
		case ${part##*/} in bin) ;; *) ln -s "$part" "$new/${part##*/}" ;; esac
	done
	# Of several first calls at the same time one wins; the others' copies go.
	mv "$new" "$cache/$key" 2> /dev/null || true
	rm -rf "$new" "$cache/$key/${new##*/}"
	[ -x "$java" ] || fail "cannot make $java"
}

# The jars, always in the same order: the rehearsal's results hold for one order
# only, and what the JVM makes of lib/* depends on the file system.
class_path() {
	path=
	for jar in "$home"/lib/*.jar; do
		path=${path:+$path:}$jar
	done
	echo "$path"
}

# Runs the daemon with $java: in the foreground if there are arguments, else in
# the background; then this returns when clients are served.
run_daemon() {
	# Holders of record locks must not pause. With four processors ZGC pauses for
	# less than a millisecond whatever the heap holds. With fewer its threads
	# would take the time of the node thread; there the serial collector's pauses
	# are short because little survives: records are not kept on the heap.
	if [ "$(nproc 2> /dev/null || echo 1)" -ge 4 ]; then
		collector=-XX:+UseZGC
	else
		collector="-XX:+UseSerialGC -XX:MinHeapFreeRatio=20 -XX:MaxHeapFreeRatio=40 -XX:-ShrinkHeapInSteps"
	fi
	# A daemon without memory ends, so that its locks are free and others recover.
	# The daemon has the heap collected after a recovery; it shrinks again then.
	# What the compiler has used and the C library keeps goes back every ten seconds.
	# Without UsePerfData no file in /tmp is written to from inside the JVM.
	arguments=$#
	set -- $collector -Xms64m -XX:MaxRAMPercentage=25 -XX:+ExitOnOutOfMemoryError \
		-XX:-UsePerfData -XX:TrimNativeHeapInterval=10000 --enable-native-access=ALL-UNNAMED \
		-Dio.netty.allocator.type=pooled "-Dctdbj.program=$called" \
		${CTDBJ_JAVA_OPTS:-} -cp "$(class_path)" org.ctdbj.daemon.process.Main "$@"
	# Classes and profiles of a rehearsal, made for one JDK, these very jars and the
	# serial collector. The JVM finds out whether they fit and does without them if
	# not, which is no reason to say anything. Options that are about such archives
	# themselves do not go together with it.
	case "$collector ${CTDBJ_JAVA_OPTS:-}" in
	*AOT* | *-Xshare* | *SharedArchive* | *+Use[!S]*GC*) ;;
	*)
		[ ! -r "$home/lib/ctdbj.aot" ] ||
			set -- "-XX:AOTCache=$home/lib/ctdbj.aot" '-Xlog:aot*=off' '-Xlog:cds*=off' "$@"
		;;
	esac
	[ "$arguments" -eq 0 ] || exec "$java" "$@"

	detach=
	if [ -n "${CTDB_TEST_MODE+set}" ]; then
		# The daemon of a test ends with its standard input, so it keeps that.
		if [ -e /proc/self/fd/0 ]; then exec 3<&0; else exec 3< /dev/null; fi
	else
		exec 3< /dev/null
		! command -v setsid > /dev/null || detach=setsid
	fi
	# The daemon says how its start went on standard output, and why it failed on
	# standard error; once it serves it lets go of both.
	# What the JVM itself has to say, about CTDBJ_JAVA_OPTS for example, comes on
	# standard output too.
	($detach "$java" -Dctdbj.background=true "$@" <&3 3<&- &) | {
		while read -r line; do
			case $line in
			ready) exit 0 ;;
			"failed "*) exit "${line#failed }" ;;
			*) echo "$line" >&2 ;;
			esac
		done
		fail "the daemon ended while it was starting"
	}
}
