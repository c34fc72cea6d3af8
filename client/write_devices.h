/* SPDX-License-Identifier: ISC */
/* write_devices - --write-devices: a device at the destination is written as if it were the file. What is on it may have changed without its time, so
 * it is compared by its content. */
#ifndef SL_CLIENT_WRITE_DEVICES_H
#define SL_CLIENT_WRITE_DEVICES_H

#include "client/options.h"
#include "client/plan.h"

/* What doesn't go with it. */
enum sl_code sl_write_devices_check(const struct sl_options *o, struct sl_error *err);

/* Whether the destination's d is a device that the file s is written to. */
bool sl_device_is_written(const struct sl_plan *p, const struct sl_entry *s, const struct sl_entry *d);
/* Whether the file is too long for it: the entry has failed then, and was told. */
bool sl_device_refused(struct sl_plan *p, const struct sl_entry *s, const struct sl_entry *d);
/* Whether both sides may say the hash of what they have. */
bool sl_device_compares(const struct sl_plan *p, const struct sl_endpoint *source);
/* Notes in an action on the file s that it is about the device d. */
void sl_device_action(struct sl_action *a, const struct sl_entry *s, const struct sl_entry *d);

#endif
