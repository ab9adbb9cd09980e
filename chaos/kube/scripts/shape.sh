# squall: shape the network of this pod for a time. DEVICE HANDLE SECONDS add|replace QDISC...
dev=$1 handle=$2 seconds=$3 verb=$4
shift 4

# /proc/uptime never jumps, as the clock of the day does.
uptime() { read -r now _ </proc/uptime && now=${now%%.*}; }
there() { case $(tc qdisc show dev "$dev") in *" $handle "*) ;; *) return 1 ;; esac; }
# The handle makes sure that only this very qdisc goes.
heal() { while there; do tc qdisc del dev "$dev" root handle "$handle" || sleep 1; done; }

uptime || exit 1
end=$((now + seconds))

# Who sets the qdisc is who takes it off, so that it is never there without a timer. The timer stays
# when this command has ended: it lets go of its streams, and nobody is told to hang up, for there is
# no terminal. It ends early once the qdisc is gone or another has its place.
said=$(
	(
		trap '' HUP INT
		trap 'heal; exit 0' TERM
		if ! tc qdisc "$verb" dev "$dev" root handle "$handle" "$@" 2>&1; then
			echo failed
			exit
		fi
		tc qdisc show dev "$dev"
		exec >/dev/null 2>&1
		while uptime && [ "$now" -lt "$end" ] && there; do sleep 1; done
		heal
	) </dev/null &
)
case $said in
*failed)
	echo "${said%failed}" >&2
	exit 1
	;;
esac
echo "$said"
