package config

import (
	"slices"

	"xinbot.ir/squall/internal/strictyaml"
	"xinbot.ir/squall/load"
)

// What is done with channels without a secret when webchat has one.
const (
	signShared     = "shared"      // they are sent as webchat
	signPerChannel = "per-channel" // they are left out
)

// resolveSecrets returns the secret of every channel, and the workload as it can be sent with them.
//
// The command lines of the k6 script and the Locust suite give one secret, webchat's. The script signs everything
// as webchat with it and names the channel in the metadata, and so does squall, unless it is told to leave out what
// has no secret of its own. Either way a warning says so. Whoever gives some of the others' secrets means those
// channels, and then a missing one is a mistake.
func (l *resolver) resolveSecrets(w load.Workload) (load.Workload, [load.NumChannels]string) {
	var secrets [load.NumChannels]string
	var missing []string
	others := 0
	used := weighted(w)
	for c, spec := range w.Channels {
		secret := l.values[secretName(spec.SecretOf)].text()
		if secret != "" && spec.SecretOf != load.Webchat {
			others++
		}
		if name := spec.SecretOf.String(); secret == "" && used[c] && !slices.Contains(missing, name) {
			missing = append(missing, name)
		}
		secrets[c] = secret
	}
	perChannel := l.values[signing].set() && read(l, signing, parseOneOf(signShared, signPerChannel)) == signPerChannel
	switch {
	case len(missing) == 0 || l.noLoad:
	case secrets[load.Webchat] != "" && perChannel && others > 0:
		l.unsigned = missing
		w = l.withoutChannels(w, missing)
	case secrets[load.Webchat] == "" || others > 0:
		l.problem("no secret for %s: set %s", strictyaml.Choice(missing), strictyaml.Choice(secretVariables(missing)))
	default:
		l.unsigned, l.shared = missing, read(l, signing, parseOneOf(signShared, signPerChannel)) == signShared
		became := "left out"
		if l.shared {
			became = "sent as webchat"
		}
		for c := range secrets {
			if secrets[c] == "" {
				// Should the operator add a channel that is left out to the mix all the same.
				secrets[c] = secrets[load.Webchat]
				l.values[secretName(load.Channel(c))] = settingValue{source: "not set: " + load.Channel(c).String() + " is " + became}
			}
		}
		if l.shared {
			w.Channels = asWebchat(w.Channels, missing)
		} else {
			w = l.withoutChannels(w, missing)
		}
	}
	return w, secrets
}

// asWebchat makes some channels travel as webchat, as automation does.
func asWebchat(table [load.NumChannels]load.ChannelSpec, channels []string) [load.NumChannels]load.ChannelSpec {
	for c, spec := range table {
		if slices.Contains(channels, spec.Name) {
			table[c] = table[load.Webchat]
			table[c].Name, table[c].Metadata = spec.Name, spec.Metadata
		}
	}
	return table
}

// keyring holds the channels' secrets and the admin token.
func (l *resolver) keyring(secrets [load.NumChannels]string) *load.Keyring {
	keys := new(load.Keyring)
	for c, secret := range secrets {
		if err := keys.Set(load.Channel(c), load.Key{Current: secret}); err != nil {
			l.problem("%w", err)
		}
	}
	keys.SetToken(l.values[adminToken].text())
	return keys
}

// secretVariables name the environment variables that hold the channels' secrets.
func secretVariables(channels []string) (names []string) {
	for _, channel := range channels {
		names = append(names, find(secretsSection + channel).Env[0].Name)
	}
	return names
}

// withoutChannels removes channels from every brand's mix. A brand that has no others is a problem.
func (l *resolver) withoutChannels(w load.Workload, channels []string) load.Workload {
	tenants := slices.Clone(w.Tenants)
	for t := range tenants {
		brands := slices.Clone(tenants[t].Brands)
		for b := range brands {
			for c := range brands[b].Channels {
				if slices.Contains(channels, w.Channels[c].SecretOf.String()) {
					brands[b].Channels[c] = 0
				}
			}
			if brands[b].Channels.IsZero() {
				l.problem("no secret for any channel of brand %s: set %s", brands[b].Name, strictyaml.Choice(secretVariables(channels)))
			}
		}
		tenants[t].Brands = brands
	}
	w.Tenants = tenants
	return w
}

// weighted returns which channels any brand uses.
func weighted(w load.Workload) (used [load.NumChannels]bool) {
	for _, t := range w.Tenants {
		for _, b := range t.Brands {
			for c, weight := range b.Channels {
				used[c] = used[c] || weight > 0
			}
		}
	}
	return used
}
