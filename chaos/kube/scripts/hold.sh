# squall: keep this container as long as its shaping is there. DEVICE PREFIX IDLE LIFE, both in seconds.
# Should the timer of the shaping be gone, this ends it after LIFE, or when the container is told to end.
dev=$1 prefix=$2 idle=$3 life=$4
heal() {
	for digit in 0 1 2 3 4 5 6 7 8 9 a b c d e f; do
		tc qdisc del dev "$dev" root handle "$prefix$digit:" 2>/dev/null
	done
}
there() { case $(tc qdisc show dev "$dev") in *" $prefix"[0-9a-f]": "*) ;; *) return 1 ;; esac; }
trap 'heal; exit 0' TERM INT
unused=0
while [ "$unused" -lt "$idle" ] && [ "$life" -gt 0 ]; do
	sleep 1
	life=$((life - 1)) unused=$((unused + 1))
	there && unused=0
done
heal
if there; then exit 1; fi
exit 0
