package kubeclient

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
)

// Resource is the objects of one resource in one namespace, or in none. Its calls are those of client-go's typed
// clients. client-go's own package for such clients, gentype, comes with its fakes and 55 packages that those need.
type Resource[T, L runtime.Object] struct {
	api             rest.Interface
	name, namespace string
	object          func() T
	list            func() L
}

func resourceOf[T, L runtime.Object](api rest.Interface, name, namespace string, object func() T, list func() L) Resource[T, L] {
	return Resource[T, L]{api, name, namespace, object, list}
}

// empty is something to read into.
func empty[T any]() *T { return new(T) }

// Get reads one object.
func (r Resource[T, L]) Get(ctx context.Context, name string, options metav1.GetOptions) (T, error) {
	object := r.object()
	return object, r.request(r.api.Get()).Name(name).VersionedParams(&options, metav1.ParameterCodec).Do(ctx).Into(object)
}

// List reads all that the options choose.
func (r Resource[T, L]) List(ctx context.Context, options metav1.ListOptions) (L, error) {
	list := r.list()
	request := r.request(r.api.Get()).Timeout(0) // the HTTP client's bound alone, which holds for each try
	return list, request.VersionedParams(&options, metav1.ParameterCodec).Do(ctx).Into(list)
}

// Delete deletes one object.
func (r Resource[T, L]) Delete(ctx context.Context, name string, options metav1.DeleteOptions) error {
	return r.request(r.api.Delete()).Name(name).Body(&options).Do(ctx).Error()
}

// Patch changes one object, or a subresource of it.
func (r Resource[T, L]) Patch(ctx context.Context, name string, kind types.PatchType, patch []byte, options metav1.PatchOptions, subresources ...string) (T, error) {
	object := r.object()
	request := r.request(r.api.Patch(kind)).Name(name).SubResource(subresources...)
	return object, request.VersionedParams(&options, metav1.ParameterCodec).Body(patch).Do(ctx).Into(object)
}

func (r Resource[T, L]) request(verb *rest.Request) *rest.Request {
	return verb.NamespaceIfScoped(r.namespace, r.namespace != metav1.NamespaceNone).Resource(r.name)
}
