# squall: say what this container has. It changes nothing.
[ -r /proc/uptime ] && echo uptime
while read -r name value; do
	case $name in CapEff:) echo "rights $value" ;; esac
done </proc/self/status
[ -r /proc/net/route ] && while read -r line; do echo "route $line"; done </proc/net/route
[ -r /proc/net/ipv6_route ] && while read -r line; do echo "route6 $line"; done </proc/net/ipv6_route
if version=$(tc -V 2>&1); then
	echo "tc $version"
	tc qdisc show || exit 1
fi
exit 0
