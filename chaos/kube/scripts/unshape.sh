# squall: stop shaping the network of this pod. DEVICE HANDLE
# The timer may be faster; what is left says the last line.
tc qdisc del dev "$1" root handle "$2" 2>/dev/null
tc qdisc show dev "$1"
