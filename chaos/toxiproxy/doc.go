// Package toxiproxy is the driver of faults that go through Toxiproxy's HTTP API: toxics on a proxy,
// and proxies that are switched off.
//
// What is ours is named so: every toxic is squall-<session>-<fault>-<kind>-<stream>, and only toxics
// of that shape are ever removed. A proxy that is off carries such a toxic too, without effect, so
// that it can be seen who switched it off. The calls that clear everybody's toxics (/reset,
// /populate) are never made.
//
// Toxiproxy's own Go client gives the shapes of what is sent and read. Its calls are not used: they
// take no context and are cut after 30 s only, and one that was given up would go on by itself and
// change the proxy after its undo. Here every call is bounded and ends with its context.
//
// Three things to know of Toxiproxy. It has no expiry and no dry run. Toxicity is drawn per
// connection, and anew for each toxic and whenever toxics change. And removing a toxic waits for the
// connections that it is on, with the proxy locked: so whether it is gone is always read back, and an
// answer that does not come is an error to try again on, never a success.
package toxiproxy
