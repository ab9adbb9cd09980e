// Package rotation follows the rotation of a webhook secret while it happens. Probes ask the gateway, apart from the run's
// traffic, which of the old secret, the next one, a wrong one and none it accepts; a [Tracker] makes of their answers which
// secret which replica has, since when, whether replicas disagree, and the verdict.
//
// A gateway reads its secret when it starts. So a rotation is a changed secret and restarted replicas, which disagree
// meanwhile; all that can be known of it from outside is what is accepted, by whom and when. Moments are those at which probes
// were sent: with two a second they are known to half a second.
package rotation
