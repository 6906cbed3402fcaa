/* SPDX-License-Identifier: Apache-2.0 */
/* shop-auditor: reads the topics of one run and says whether the books balance. Shares no code with the runtime. */
#include <getopt.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "shop/audit/books.h"
#include "shop/audit/reader.h"
#include "shop/audit/report.h"
#include "shop/audit/schemas.h"
#include "shop/clock.h"
#include "shop/progress.h"

enum exit_code { BALANCED = 0, NOT_BALANCED = 1, NO_VERDICT = 2, WRONG_USE = 64 };

struct options {
        const char *brokers, *prefix, *intents, *registry, *schema_topic;
        int64_t timeout_s;
        bool json, quiet;
};

typedef void take(struct books *books, avro_value_t *event);

struct source {
        const char *topic; /* without the run's prefix */
        take *take;
        bool added;
};

/* Event ids seen, by topic: what a relay or a retry delivers twice counts once. */
struct seen {
        UT_hash_handle hh;
        char id[];
};

struct auditor {
        const struct options *options;
        struct books *books;
        struct reader *reader;
        struct schemas *schemas;
        struct seen *seen;
        struct report report;
        struct progress progress;
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal_number)
{
        interrupted = signal_number;
}

static void take_placed(struct books *books, avro_value_t *event)
{
        books_placed(books, value_text(event, "order_id"));
}

static void take_accepted(struct books *books, avro_value_t *event)
{
        books_accepted(books, value_text(event, "order_id"));
}

static void take_rejected(struct books *books, avro_value_t *event)
{
        books_final(books, value_text(event, "order_id"), FINAL_REJECTED, value_symbol(event, "reason"));
}

static void take_returned(struct books *books, avro_value_t *event)
{
        books_final(books, value_text(event, "order_id"), FINAL_RETURNED, NULL);
}

static void take_shipped(struct books *books, avro_value_t *event)
{
        books_final(books, value_text(event, "order_id"), FINAL_SHIPPED, NULL);
}

static void take_stock(struct books *books, avro_value_t *event)
{
        books_stock(books, value_text(event, "sku"), value_text(event, "order_id"), value_symbol(event, "kind"),
                    value_long(event, "quantity"), value_long(event, "free"));
}

static void take_payment(struct books *books, avro_value_t *event)
{
        books_payment(books, value_text(event, "order_id"), value_symbol(event, "kind"), value_long(event, "amount"),
                      value_text(event, "currency"), value_text(event, "debit"), value_text(event, "credit"));
}

static void take_notice(struct books *books, avro_value_t *event)
{
        books_notified(books, value_text(event, "order_id"), value_symbol(event, "about"));
}

static struct source sources[] = {
        { .topic = "shop.orders.placed", .take = take_placed },
        { .topic = "shop.orders.accepted", .take = take_accepted },
        { .topic = "shop.orders.rejected", .take = take_rejected },
        { .topic = "shop.orders.returned", .take = take_returned },
        { .topic = "shop.orders.shipped", .take = take_shipped },
        { .topic = "shop.stock.moved", .take = take_stock },
        { .topic = "shop.payments.moved", .take = take_payment },
        { .topic = "shop.customers.notified", .take = take_notice },
};
#define SOURCES (sizeof(sources) / sizeof(*sources))

/* Topics that have appeared since the last time. False: no verdict is possible. */
static bool add_topics(struct auditor *auditor)
{
        for (size_t i = 0; i < SOURCES; i++) {
                char name[300];

                if (sources[i].added)
                        continue;
                snprintf(name, sizeof(name), "%s%s", auditor->options->prefix, sources[i].topic);
                enum reader_added added = reader_add(auditor->reader, name, false);
                if (added == READER_CUT_OFF || added == READER_FAILED)
                        return false;
                sources[i].added = added == READER_ADDED;
        }
        return true;
}

static struct source *source_of(const struct auditor *auditor, const char *topic)
{
        for (size_t i = 0; i < SOURCES; i++) {
                if (strcmp(topic + strlen(auditor->options->prefix), sources[i].topic) == 0)
                        return &sources[i];
        }
        return NULL;
}

/* Whether this event was seen before, by its ce_id; one that has none is nobody's repetition. */
static bool seen_before(struct auditor *auditor, const rd_kafka_message_t *message, const struct source *source)
{
        rd_kafka_headers_t *headers;
        const void *id;
        size_t length;
        struct seen *seen;
        char name[300];

        if (rd_kafka_message_headers(message, &headers) || rd_kafka_header_get_last(headers, "ce_id", &id, &length))
                return false;
        int size = snprintf(name, sizeof(name), "%zu %.*s", (size_t)(source - sources),
                            (int)(length < 200 ? length : 200), (const char *)id);
        HASH_FIND(hh, auditor->seen, name, (unsigned int)size, seen);
        if (seen)
                return true;
        seen = must(calloc(1, sizeof(*seen) + (size_t)size));
        memcpy(seen->id, name, (size_t)size);
        HASH_ADD(hh, auditor->seen, id, (unsigned int)size, seen);
        return false;
}

/* False: the record could not be understood, so that there can be no verdict. */
static bool take_record(struct auditor *auditor, const rd_kafka_message_t *message)
{
        struct source *source = source_of(auditor, rd_kafka_topic_name(message->rkt));
        avro_value_t event;

        auditor->report.records++;
        if (seen_before(auditor, message, source)) {
                auditor->report.repeated++;
                return true;
        }
        if (!schemas_decode(auditor->schemas, message->payload, message->len, &event)) {
                fprintf(stderr, "shop-auditor: %s[%d]@%lld cannot be read\n", rd_kafka_topic_name(message->rkt),
                        message->partition, (long long)message->offset);
                return false;
        }
        source->take(auditor->books, &event);
        avro_value_decref(&event);
        return true;
}

static void show_progress(struct auditor *auditor)
{
        struct book_totals totals = books_totals(auditor->books);

        progress_show(&auditor->progress, totals.shipped + totals.rejected + totals.returned);
}

/* Until everything that is there has been read. */
static bool read_to_end(struct auditor *auditor)
{
        rd_kafka_message_t *message;

        for (;;) {
                message = reader_next(auditor->reader, 200);
                if (!message && (reader_at_end(auditor->reader) || interrupted))
                        return true;
                if (!message)
                        continue;
                bool taken = take_record(auditor, message);
                rd_kafka_message_destroy(message);
                if (!taken)
                        return false;
                show_progress(auditor);
        }
}

/* Reads on until the books show no fault, or until time is up. */
static bool follow(struct auditor *auditor)
{
        int64_t deadline = clock_ms() + auditor->options->timeout_s * 1000;

        for (;;) {
                if (!add_topics(auditor) || !read_to_end(auditor))
                        return false;
                auditor->report.faults = books_judge(auditor->books, NULL, 0);
                if (auditor->report.faults == 0 || interrupted || clock_ms() >= deadline)
                        break;
        }
        if (interrupted)
                return false;
        /* What is delivered a second time comes late: one more look. */
        rd_kafka_message_t *late = reader_next(auditor->reader, 1000);
        if (late) {
                bool taken = take_record(auditor, late);
                rd_kafka_message_destroy(late);
                if (!taken || !read_to_end(auditor))
                        return false;
        }
        progress_end(&auditor->progress);
        return reader_still_whole(auditor->reader);
}

static int audit(struct auditor *auditor)
{
        auditor->progress = (struct progress){ .what = "final states", .total = books_totals(auditor->books).intents };
        auditor->report.started_ms = clock_ms();
        if (!follow(auditor)) {
                progress_end(&auditor->progress);
                if (!interrupted)
                        fputs("shop-auditor: no verdict\n", stderr);
                return NO_VERDICT;
        }
        auditor->report.dead_letters = reader_count(auditor->reader, auditor->options->prefix, "-dlt");
        auditor->report.faults = books_judge(auditor->books, NULL, 0);
        if (auditor->report.faults) {
                fprintf(stderr, "shop-auditor: the books do not balance: %zu faults\n", auditor->report.faults);
                books_judge(auditor->books, stderr, 20);
        }
        report_print(&auditor->report, auditor->books, auditor->options->json);
        return auditor->report.faults ? NOT_BALANCED : BALANCED;
}

static const char usage[] =
        "usage: shop-auditor --brokers HOST:PORT --intents FILE [--prefix TOPIC-PREFIX] [--schema-topic NAME "
        "(_chappe-schemas)]\n"
        "                    [--registry URL] [--timeout SECONDS (60)] [-o json]\n"
        "Reads the topics of one run until every order has its final state, and checks orders, stock and payments.\n"
        "Exit 0: the books balance; 1: they do not; 2: no verdict is possible.\n";

static void wrong_use(void)
{
        fputs(usage, stderr);
        exit(WRONG_USE);
}

static void read_options(int argc, char **argv, struct options *options)
{
        static const struct option known[] = {
                { "brokers", required_argument, NULL, 'b' },  { "intents", required_argument, NULL, 'i' },
                { "prefix", required_argument, NULL, 'p' },   { "schema-topic", required_argument, NULL, 's' },
                { "registry", required_argument, NULL, 'r' }, { "timeout", required_argument, NULL, 't' },
                { "help", no_argument, NULL, 'h' },           { 0 },
        };
        int option;
        char *end;

        while ((option = getopt_long(argc, argv, "o:", known, NULL)) != -1) {
                switch (option) {
                case 'b':
                        options->brokers = optarg;
                        break;
                case 'i':
                        options->intents = optarg;
                        break;
                case 'p':
                        options->prefix = optarg;
                        break;
                case 's':
                        options->schema_topic = optarg;
                        break;
                case 'r':
                        options->registry = optarg;
                        break;
                case 't':
                        options->timeout_s = strtoll(optarg, &end, 10);
                        if (end == optarg || *end || options->timeout_s < 0 || options->timeout_s > 86400)
                                wrong_use();
                        break;
                case 'o':
                        if (strcmp(optarg, "json") != 0)
                                wrong_use();
                        options->json = true;
                        break;
                case 'h':
                        fputs(usage, stdout);
                        exit(0);
                default:
                        wrong_use();
                }
        }
        if (optind < argc || !options->brokers || !options->intents)
                wrong_use();
}

static void close_auditor(struct auditor *auditor)
{
        struct seen *seen, *next;

        HASH_ITER(hh, auditor->seen, seen, next)
        {
                HASH_DEL(auditor->seen, seen);
                free(seen);
        }
        schemas_free(auditor->schemas);
        reader_free(auditor->reader);
        books_free(auditor->books);
}

int main(int argc, char **argv)
{
        struct options options = { .prefix = "", .schema_topic = "_chappe-schemas", .timeout_s = 60 };
        struct auditor auditor = { .options = &options };
        int status = NO_VERDICT;

        read_options(argc, argv, &options);
        signal(SIGINT, on_interrupt);
        signal(SIGTERM, on_interrupt);
        auditor.books = books_new();
        if (books_intend(auditor.books, options.intents)) {
                auditor.reader = reader_new(options.brokers);
                auditor.schemas =
                        auditor.reader ? schemas_new(options.brokers, options.schema_topic, options.registry) : NULL;
                if (auditor.schemas)
                        status = audit(&auditor);
        }
        close_auditor(&auditor);
        return interrupted ? 128 + interrupted : status;
}
