/* SPDX-License-Identifier: Apache-2.0 */
/* What is valid in a schema, and will be regretted. */
#pragma once

#include <jansson.h>

#include "parts.h"

/* Every rule, once: its number, its name, whether it is asked for by --strict only, and what it is about. */
#define LINT_RULES(X)                                                                                                  \
        /* what hinders the next version */                                                                            \
        X(ENUM_DEFAULT, "L101", "enum-default", false, "an enum without a default: old readers refuse a new symbol")   \
        X(NULL_DEFAULT, "L102", "null-default", false, "a nullable field without a default: it could have null")       \
        X(NULL_FIRST, "L103", "null-first", false, "a nullable field whose first branch is not null: no null default") \
        X(FIELD_DEFAULT, "L104", "field-default", true, "a field without a default: it can never be removed")          \
        X(ROOT_RECORD, "L105", "root-record", false, "a schema that is no record: it can never get a field")           \
        X(ALIAS_CLASH, "L106", "alias-clash", false, "an alias that is another field's name: the alias wins")          \
        X(UNION_NUMBERS, "L107", "union-numbers", false, "a union of several numbers: which one is read is a guess")   \
        /* what is not what it looks like */                                                                           \
        X(MISSPELLED, "L201", "misspelled", false, "an attribute that is nearly one of Avro's: it is ignored")         \
        X(LOGICAL_MISFIT, "L202", "logical-misfit", false, "a logical type that does not fit its type: it is ignored") \
        X(LOGICAL_UNKNOWN, "L203", "logical-unknown", false, "a logical type that Avro does not know: it is ignored")  \
        X(MONEY_FLOAT, "L204", "money-float", false, "money as a binary fraction: sums go wrong")                      \
        X(TIME_LONG, "L205", "time-long", true, "a time as a plain number: nobody knows its unit")                     \
        /* names and style */                                                                                          \
        X(CASE_CLASH, "L301", "case-clash", false, "names that differ in case or underscores only: one name in C")     \
        X(NO_NAMESPACE, "L302", "no-namespace", false, "a type without a namespace: it meets others of its name")      \
        X(TYPE_NAME, "L303", "type-name", false, "a type whose name is not written LikeThis")                          \
        X(FIELD_STYLE, "L304", "field-style", false, "fields of one record in two styles: likeThis, like_this")        \
        X(SYMBOL_STYLE, "L305", "symbol-style", false, "symbols of one enum in two styles")                            \
        X(NAMESPACE_NAME, "L306", "namespace-name", false, "a namespace that is not in lower case")                    \
        X(UNION_SINGLE, "L307", "union-single", false, "a union of one branch")                                        \
        X(NO_DOC, "L308", "no-doc", true, "a type or field without documentation")                                     \
        /* beside an older version (--against) */                                                                      \
        X(NEW_SYMBOL, "L401", "new-symbol", false, "a symbol that readers of the old version refuse")                  \
        X(BREAKS, "L402", "breaks", false, "a change that keeps one version from reading the other")                   \
        X(LOST_NAME, "L403", "lost-name", false, "a field gone and a like one come: an alias would have kept the data")

enum lint_rule {
#define LINT_RULE(symbol, code, name, strict, summary) LINT_##symbol,
        LINT_RULES(LINT_RULE)
#undef LINT_RULE
                LINT_RULE_COUNT,
};

struct lint_rule_row {
        const char *code, *name, *summary;
        bool strict;
};

extern const struct lint_rule_row lint_rules[LINT_RULE_COUNT];

struct lint {
        bool asked[LINT_RULE_COUNT];
        bool json;
        size_t found;
        json_t *findings;

        /* while a contract is looked at */
        const struct parts *parts;
        const struct part *part;
        const struct chappe_schema *schema;
        struct lint_name *looked;             /* named types that are done */
        bool *seen;                           /* by number of the node */
        const struct chappe_json_node *place; /* the innermost field or type that is an object */
};

/* Everything that a contract says by itself. EXIT_DONE, or the exit code with the reason said. */
int lint_contract(struct lint *lint, const struct parts *parts);
/* What it says beside an older version. The same manner. */
int lint_against(struct lint *lint, const struct parts *older, const struct parts *newer);

/* The rules for one node, or one field of a record. */
void lint_node(struct lint *lint, const struct chappe_schema_node *node);
void lint_field(struct lint *lint, const struct chappe_schema_node *record, uint32_t n);

/* Do the names differ in case, dots or underscores only? */
bool lint_same_in_c(const char *a, const char *b);
/* A finding at a place of the schema's text, unless an attribute "chappe.lint.ignore" there names the rule. */
void lint_find(struct lint *lint, enum lint_rule rule, const struct chappe_json_node *json, const char *format, ...)
        __attribute__((format(printf, 4, 5)));
