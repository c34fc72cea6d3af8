/* SPDX-License-Identifier: ISC */
/* report_filters - --filter-test. */
#ifndef SL_CLIENT_REPORT_FILTERS_H
#define SL_CLIENT_REPORT_FILTERS_H

#include "client/options.h"

/* A line for each of the sources, which are paths: whether it is included and which rule says so. Returns the exit
 * status: 0, or 1 when a rule is wrong: told on standard error. */
int sl_filter_test(const struct sl_options *o);

#endif
