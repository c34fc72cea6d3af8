/* SPDX-License-Identifier: ISC */
/*
 * jsonlines - for end-to-end tests: holds each line of standard input against a JSON Schema. Usage: jsonlines SCHEMA.
 * Of the schema language it knows what ours needs and refuses every other keyword, so that none is passed over in
 * silence. Exit 0 all are valid, 1 one is not, 2 trouble, or nothing was there.
 */
#include <jansson.h>
#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *schema;
static char why[400];

static bool valid(const json_t *s, const json_t *v, const char *at);

static void die(const char *what, const char *detail)
{
    fprintf(stderr, "jsonlines: %s %s\n", what, detail);
    exit(2);
}

static bool no(const char *at, const char *what, const char *detail)
{
    snprintf(why, sizeof why, "%s %s %s", at, what, detail);
    return false;
}

/* "#/$defs/NAME" */
static const json_t *named(const char *ref)
{
    const json_t *s =
        strncmp(ref, "#/$defs/", 8) == 0 ? json_object_get(json_object_get(schema, "$defs"), ref + 8) : NULL;
    if (!s)
        die("no such definition:", ref);
    return s;
}

static bool type_is(const json_t *v, const char *type)
{
    static const struct {
        const char *name;
        json_type type;
    } types[] = {
        { "object", JSON_OBJECT }, { "array", JSON_ARRAY }, { "string", JSON_STRING }, { "integer", JSON_INTEGER }
    };
    if (strcmp(type, "boolean") == 0)
        return json_is_boolean(v);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(types[i].name, type) == 0)
            return json_typeof(v) == types[i].type;
    die("unknown type", type);
    return false;
}

static bool matches(const char *pattern, const char *text)
{
    regex_t re;
    if (regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB) != 0)
        die("no pattern:", pattern);
    bool yes = regexec(&re, text, 0, NULL, 0) == 0;
    regfree(&re);
    return yes;
}

static bool one_of_values(const json_t *values, const json_t *v)
{
    for (size_t i = 0; i < json_array_size(values); i++)
        if (json_equal(json_array_get(values, i), v))
            return true;
    return false;
}

static bool one_of_schemas(const json_t *schemas, const json_t *v, const char *at)
{
    size_t fit = 0;
    char first[sizeof why] = "";
    for (size_t i = 0; i < json_array_size(schemas); i++) {
        fit += valid(json_array_get(schemas, i), v, at);
        /* What is of another type is no news. */
        if (!strstr(why, "/type is not the constant"))
            memcpy(first, why, sizeof first);
    }
    memcpy(why, *first ? first : why, sizeof why);
    return fit == 1 ? true : fit ? no(at, "is of several kinds", "") : false;
}

static bool has_all(const json_t *names, const json_t *v, const char *at)
{
    for (size_t i = 0; i < json_array_size(names); i++)
        if (!json_object_get(v, json_string_value(json_array_get(names, i))))
            return no(at, "lacks", json_string_value(json_array_get(names, i)));
    return true;
}

static bool members(const json_t *properties, const json_t *v, const char *at)
{
    const char *key;
    json_t *member, *object = (json_t *)v;
    json_object_foreach(object, key, member)
    {
        char below[200];
        const json_t *s = json_object_get(properties, key);
        snprintf(below, sizeof below, "%s/%s", at, key);
        if (!s)
            return no(below, "is a member that the schema does not have", "");
        if (!valid(s, member, below))
            return false;
    }
    return true;
}

static bool all_items(const json_t *s, const json_t *v, const char *at)
{
    for (size_t i = 0; i < json_array_size(v); i++)
        if (!valid(s, json_array_get(v, i), at))
            return false;
    return true;
}

/* One keyword; n is its value. */
static bool keyword(const char *key, const json_t *n, const json_t *v, const char *at)
{
    static const char *const said[] = { "$schema", "$id", "$defs", "title", "description" };
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++)
        if (strcmp(key, said[i]) == 0)
            return true;
    if (strcmp(key, "$ref") == 0)
        return valid(named(json_string_value(n)), v, at);
    if (strcmp(key, "type") == 0)
        return type_is(v, json_string_value(n)) || no(at, "is not of type", json_string_value(n));
    if (strcmp(key, "const") == 0)
        return json_equal(n, v) || no(at, "is not the constant", json_string_value(n));
    if (strcmp(key, "enum") == 0)
        return one_of_values(n, v) || no(at, "is none of the values:", json_is_string(v) ? json_string_value(v) : "");
    if (strcmp(key, "oneOf") == 0)
        return one_of_schemas(n, v, at);
    if (strcmp(key, "required") == 0)
        return has_all(n, v, at);
    if (strcmp(key, "properties") == 0)
        return members(n, v, at);
    if (strcmp(key, "additionalProperties") == 0 && json_is_false(n))
        return true; /* see members */
    if (strcmp(key, "items") == 0)
        return all_items(n, v, at);
    if (strcmp(key, "pattern") == 0)
        return matches(json_string_value(n), json_string_value(v)) || no(at, "does not match", json_string_value(n));
    if (strcmp(key, "minimum") == 0)
        return json_integer_value(v) >= json_integer_value(n) || no(at, "is too small", "");
    if (strcmp(key, "maximum") == 0)
        return json_integer_value(v) <= json_integer_value(n) || no(at, "is too large", "");
    die("unknown keyword", key);
    return false;
}

static bool valid(const json_t *s, const json_t *v, const char *at)
{
    const char *key;
    json_t *n, *object = (json_t *)s;
    /* The type first: the others take it for granted. */
    if (json_object_get(s, "type") && !keyword("type", json_object_get(s, "type"), v, at))
        return false;
    json_object_foreach(object, key, n) if (!keyword(key, n, v, at)) return false;
    return true;
}

int main(int argc, char **argv)
{
    char *line = NULL;
    size_t size = 0, lines = 0, bad = 0;
    json_error_t err;
    if (argc != 2)
        die("usage:", "jsonlines SCHEMA < LINES");
    schema = json_load_file(argv[1], JSON_REJECT_DUPLICATES, &err);
    if (!schema)
        die(argv[1], err.text);
    for (; getline(&line, &size, stdin) > 0; lines++) {
        json_t *v = json_loads(line, JSON_REJECT_DUPLICATES, &err);
        why[0] = '\0';
        if (v && valid(schema, v, ""))
            ;
        else if (++bad)
            printf("line %zu: %s: %s", lines + 1, v ? why : err.text, line);
        json_decref(v);
    }
    free(line);
    json_decref(schema);
    return bad ? 1 : lines ? 0 : 2;
}
