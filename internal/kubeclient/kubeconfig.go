package kubeclient

import (
	"fmt"
	"io/fs"
	"os"
	"slices"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"xinbot.ir/squall/internal/inputfile"
)

// readable refuses files that client-go would read without an end, such as a device or a pipe that nobody writes to. Some
// may be missing, as kubectl has it.
func readable(paths []string) error {
	for _, path := range paths {
		info, err := os.Stat(path)
		switch {
		case err != nil: // client-go says why
		case info.Mode().Type() == fs.ModeNamedPipe:
			return fmt.Errorf("%s is a pipe, which can be read only once, and what is in it is needed again to revert faults: save it in a file", path)
		case !info.Mode().IsRegular():
			return fmt.Errorf("%s is no file", path)
		case info.Size() > inputfile.Largest:
			return fmt.Errorf("%s is larger than %d bytes: it is something else", path, inputfile.Largest)
		}
	}
	return nil
}

// filesOf are those that a kubeconfig names for a context: certificates, keys and tokens.
func filesOf(raw *clientcmdapi.Config, context string) (paths []string) {
	used := raw.Contexts[context]
	if used == nil {
		return nil
	}
	if c := raw.Clusters[used.Cluster]; c != nil {
		paths = append(paths, c.CertificateAuthority)
	}
	if u := raw.AuthInfos[used.AuthInfo]; u != nil {
		paths = append(paths, u.ClientCertificate, u.ClientKey, u.TokenFile)
	}
	return slices.DeleteFunc(paths, func(path string) bool { return path == "" })
}

// unambiguous refuses a context whose name, cluster or user two of the files define in different ways. Clients take
// the first one in silence, which is not the one that was meant when another file's context is asked for.
func unambiguous(paths []string, merged *clientcmdapi.Config, context string) error {
	used := merged.Contexts[context]
	if used == nil {
		return nil
	}
	defined := map[string]definition{}
	for _, path := range paths {
		if _, err := os.Stat(path); err != nil {
			continue // some may be missing, as kubectl has it
		}
		file, err := clientcmd.LoadFromFile(path)
		if err != nil {
			return err
		}
		if err := clientcmd.ResolveLocalPaths(file); err != nil {
			return err
		}
		for name, d := range definitionsIn(file, path, context, used) {
			first, twice := defined[name]
			switch {
			case !twice:
				defined[name] = d
			case !equality.Semantic.DeepEqual(first.value, d.value):
				return fmt.Errorf("%s is defined in two ways, in %s and in %s: give one of the files with --kubeconfig", name, first.path, path)
			}
		}
	}
	return nil
}

// definition is what a file says of a name.
type definition struct {
	path  string
	value any
}

// definitionsIn are what a file says of a context and of what the context uses.
func definitionsIn(file *clientcmdapi.Config, path, context string, used *clientcmdapi.Context) map[string]definition {
	found := map[string]definition{}
	if c := file.Contexts[context]; c != nil {
		c.LocationOfOrigin = ""
		found["context "+context] = definition{path, c}
	}
	if c := file.Clusters[used.Cluster]; c != nil {
		c.LocationOfOrigin = ""
		found["cluster "+used.Cluster] = definition{path, c}
	}
	if u := file.AuthInfos[used.AuthInfo]; u != nil {
		u.LocationOfOrigin = ""
		found["user "+used.AuthInfo] = definition{path, u}
	}
	return found
}
