/* What the programs of this folder have in common: who made the device, and the loop that iotivity-lite runs in. */
#ifndef FACTORY_H
#define FACTORY_H

#include "oc_api.h"

#include <stdbool.h>

/* factory_files names PEM files: the device's certificate and key, and the root of those whom it trusts before it is owned. */
void factory_files(const char *certificate, const char *key, const char *root);

/* factory_run starts iotivity-lite, which keeps what it is told in the folder, calls ready once, and serves until factory_end or an
 * interrupt. It gives the program's exit status. */
int factory_run(const char *folder, const oc_handler_t *handler, void (*ready)(void));

/* factory_end ends factory_run. */
void factory_end(int status);

/* factory_signal is the handler's signal_event_loop. */
void factory_signal(void);

#endif
