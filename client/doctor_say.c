/* SPDX-License-Identifier: ISC */
/* doctor_say - the lines of --doctor, for people or as JSON. The names in the JSON are an interface: superlifter(1)
 * lists them. */
#include "config.h"
#include "client/doctor_priv.h"
#include "client/json_text.h"
#include "base/escape.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 1200 };

static const char *const names[] = {
    [SL_STEP_NAME] = "name",
    [SL_STEP_PORT] = "port",
    [SL_STEP_TRANSPORT] = "transport",
    [SL_STEP_SSH] = "ssh",
    [SL_STEP_HOST_KEY] = "host-key",
    [SL_STEP_LOGIN] = "login",
    [SL_STEP_START] = "start",
    [SL_STEP_GREETING] = "greeting",
    [SL_STEP_FEATURES] = "features",
    [SL_STEP_TREE] = "tree",
    [SL_STEP_CONFINEMENT] = "confinement",
    [SL_STEP_FILE_SYSTEM] = "file-system",
    [SL_STEP_CLOCK] = "clock",
    [SL_STEP_CONNECTIONS] = "connections",
    [SL_STEP_ROUND_TRIP] = "round-trip",
    [SL_STEP_THROUGHPUT] = "throughput",
};

struct line {
    enum sl_doctor_step step;
    const char *status, *text, *advice;
    int exit_status;
    const struct sl_fact *facts;
};

static json_t *words_of(const char *text)
{
    json_t *list = json_array();
    for (const char *p = text; *p; p += strcspn(p, " "), p += *p == ' ')
        json_array_append_new(list, json_stringn(p, strcspn(p, " ")));
    return list;
}

static void add_fact(json_t *o, const struct sl_fact *f)
{
    char *safe = f->text ? sl_escape_dup(f->text, strlen(f->text)) : NULL;
    if (f->kind == SL_FACT_NUMBER)
        json_object_set_new(o, f->key, json_integer((json_int_t)f->number));
    else
        json_object_set_new(o, f->key, f->kind == SL_FACT_WORDS ? words_of(safe) : json_string(safe));
    free(safe);
}

static void put_json(const struct line *l, const char *safe)
{
    json_t *o = json_object();
    json_object_set_new(o, "type", json_string("step"));
    json_object_set_new(o, "step", json_string(names[l->step]));
    json_object_set_new(o, "status", json_string(l->status));
    json_object_set_new(o, "message", json_string(safe));
    for (const struct sl_fact *f = l->facts; f && f->kind != SL_FACT_END; f++)
        add_fact(o, f);
    if (l->exit_status) {
        json_object_set_new(o, "advice", json_string(l->advice));
        json_object_set_new(o, "exit_status", json_integer(l->exit_status));
    }
    char *text = sl_json_text(o);
    json_decref(o);
    if (text)
        puts(text);
    free(text);
}

static void put(const struct sl_doctor *d, const struct line *l)
{
    char *safe = sl_escape_dup(l->text, strlen(l->text));
    if (d->o.json) {
        put_json(l, safe);
    } else {
        printf("%-7s %-12s %s\n", l->status, names[l->step], safe);
        if (l->exit_status && *l->advice)
            printf("%20s what to do: %s\n", "", l->advice);
    }
    fflush(stdout); /* the next step may take its time */
    free(safe);
}

void sl_doctor_good(const struct sl_doctor *d, enum sl_doctor_step step, const struct sl_fact *facts, const char *fmt,
                    ...)
{
    char text[TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    put(d, &(struct line){ .step = step, .status = "ok", .text = text, .facts = facts });
}

void sl_doctor_skipped(const struct sl_doctor *d, enum sl_doctor_step step, const char *fmt, ...)
{
    char text[TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    put(d, &(struct line){ .step = step, .status = "skipped", .text = text });
}

int sl_doctor_failed(const struct sl_doctor *d, enum sl_doctor_step step, int status, const struct sl_error *err,
                     const char *advice)
{
    const struct sl_fact facts[] = { { SL_FACT_TEXT, "code", 0, sl_code_name(err->code) }, { 0 } };
    put(d, &(struct line){ .step = step,
                           .status = "failed",
                           .text = err->text,
                           .advice = advice,
                           .exit_status = status,
                           .facts = facts });
    return status;
}
