#include "light.h"

#include "oc_api.h"

#include <stdbool.h>

static bool state;
static int power;

int
light_start(void)
{
  int failed = oc_init_platform("Acme", NULL, NULL);
  return failed | oc_add_device("/oic/d", "oic.d.light", "iotivity-lamp", "ocf.2.2.5", "ocf.res.1.3.0,ocf.sh.1.3.0", NULL, NULL);
}

static void
get(oc_request_t *request, oc_interface_mask_t interface, void *data)
{
  (void)data;
  oc_rep_start_root_object();
  if (interface == OC_IF_BASELINE) {
    oc_process_baseline_interface(request->resource);
  }
  oc_rep_set_boolean(root, state, state);
  oc_rep_set_int(root, power, power);
  oc_rep_end_root_object();
  oc_send_response(request, OC_STATUS_OK);
}

static void
post(oc_request_t *request, oc_interface_mask_t interface, void *data)
{
  (void)interface;
  (void)data;
  for (oc_rep_t *value = request->request_payload; value != NULL; value = value->next) {
    switch (value->type) {
    case OC_REP_BOOL:
      state = value->value.boolean;
      break;
    case OC_REP_INT:
      power = (int)value->value.integer;
      break;
    default:
      oc_send_response(request, OC_STATUS_BAD_REQUEST);
      return;
    }
  }
  oc_send_response(request, OC_STATUS_CHANGED);
}

void
light_resources(void)
{
  oc_resource_t *light = oc_new_resource("light", "/light/1", 1, 0);
  oc_resource_bind_resource_type(light, "core.light");
  oc_resource_bind_resource_interface(light, OC_IF_RW);
  oc_resource_set_default_interface(light, OC_IF_RW);
  oc_resource_set_discoverable(light, true);
  oc_resource_set_request_handler(light, OC_GET, get, NULL);
  oc_resource_set_request_handler(light, OC_POST, post, NULL);
  oc_add_resource(light);
}
