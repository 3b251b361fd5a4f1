/* What the programs of this folder are: a light, at /light/1. */
#ifndef LIGHT_H
#define LIGHT_H

/* The callbacks of an oc_handler_t. */
int light_start(void);
void light_resources(void);

#endif
