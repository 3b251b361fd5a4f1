package provisioning_test

import "reflect"

// mapType makes decoded CBOR maps fit encoding/json.
var mapType = reflect.TypeFor[map[string]any]()
