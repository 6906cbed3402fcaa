/* SPDX-License-Identifier: Apache-2.0 */
/* shop-figures: the table at the end of a run, from what the player and the auditor said and from the running services.
 */
#include <curl/curl.h>
#include <getopt.h>
#include <glob.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "shop/figures/metrics.h"

#define SERVICES_LIMIT 256

struct run {
        const char *folder;
        json_t *player, *audit; /* NULL: not given */
        double seconds;
        struct figures services[SERVICES_LIMIT];
        size_t count;
        struct figures sum;
};

static const char usage[] =
        "usage: shop-figures --run-folder FOLDER [--player FILE] [--audit FILE] [--seconds N] [-o json]\n"
        "Asks every service that has a run file in the folder for its metrics, and prints them beside the results of "
        "shop-player and\n"
        "shop-auditor.\n";

static void add(struct figures *sum, const struct figures *one)
{
        sum->handled += one->handled;
        sum->retried += one->retried;
        sum->dead_letters += one->dead_letters;
        sum->sent += one->sent;
        histogram_add(&sum->calls, &one->calls);
}

static void ask(struct run *run, const char *file)
{
        json_t *root = json_load_file(file, 0, NULL);
        const char *instance;
        int pid, port;

        if (run->count < SERVICES_LIMIT && root &&
            json_unpack(root, "{s:s,s:i,s:i}", "instance", &instance, "pid", &pid, "admin_port", &port) == 0) {
                struct figures *figures = &run->services[run->count];
                snprintf(figures->instance, sizeof(figures->instance), "%s", instance);
                if (figures_fetch(figures, pid, port)) {
                        add(&run->sum, figures);
                        run->count++;
                } else
                        fprintf(stderr, "shop-figures: %s does not answer\n", instance);
        }
        json_decref(root);
}

static void ask_all(struct run *run)
{
        char pattern[4096];
        glob_t found;

        snprintf(pattern, sizeof(pattern), "%s/*.run", run->folder);
        if (glob(pattern, 0, NULL, &found) == 0) {
                for (size_t i = 0; i < found.gl_pathc; i++)
                        ask(run, found.gl_pathv[i]);
                globfree(&found);
        }
}

static json_t *member(json_t *root, const char *group, const char *name)
{
        return json_object_get(group ? json_object_get(root, group) : root, name);
}

static void row(const char *what, json_int_t value)
{
        printf("  %-24s %15" JSON_INTEGER_FORMAT "\n", what, value);
}

static void money(const char *what, json_int_t value)
{
        printf("  %-24s %12" JSON_INTEGER_FORMAT ".%02d\n", what, value / 100, (int)(value % 100));
}

static void print_player(json_t *player)
{
        json_int_t bad = json_integer_value(json_object_get(player, "bad_rows"));

        row("placed", json_integer_value(json_object_get(player, "taken")));
        if (bad)
                row("rows that are no order", bad);
        row("posted again", json_integer_value(json_object_get(player, "retries")));
}

static void print_audit(json_t *audit)
{
        static const char *const money_kinds[] = { "authorised", "captured", "released", "refunded" };
        static const char *const stock_kinds[] = { "seeded", "reserved", "released", "returned" };
        const char *reason;
        json_t *count;

        row("accepted", json_integer_value(member(audit, "orders", "accepted")));
        row("shipped", json_integer_value(member(audit, "orders", "shipped")));
        row("returned", json_integer_value(member(audit, "orders", "returned")));
        row("rejected", json_integer_value(member(audit, "orders", "rejected")));
        json_object_foreach(member(audit, "orders", "reasons"), reason, count)
        {
                printf("    %-22s %15" JSON_INTEGER_FORMAT "\n", reason, json_integer_value(count));
        }
        puts("stock, pieces");
        for (size_t i = 0; i < 4; i++)
                row(stock_kinds[i], json_integer_value(member(audit, "stock", stock_kinds[i])));
        puts("money");
        for (size_t i = 0; i < 4; i++)
                money(money_kinds[i], json_integer_value(member(audit, "payments", money_kinds[i])));
}

static void print_works(const struct run *run)
{
        const struct histogram *calls = &run->sum.calls;

        puts("work, since each service was last started");
        row("records handled", (json_int_t)run->sum.handled);
        row("records sent", (json_int_t)run->sum.sent);
        row("retries", (json_int_t)run->sum.retried);
        if (run->audit)
                row("delivered again", json_integer_value(json_object_get(run->audit, "repeated")));
        row("dead letters", (json_int_t)run->sum.dead_letters);
        row("calls", (json_int_t)(calls->count ? calls->counts[calls->count - 1] : 0));
        printf("  %-24s %12.2f ms\n  %-24s %12.2f ms\n", "calls, p50", histogram_quantile(calls, 0.5) * 1e3,
               "calls, p99", histogram_quantile(calls, 0.99) * 1e3);
        if (run->seconds > 0)
                printf("  %-24s %13.1f s\n", "wall time", run->seconds);
        puts("memory, KiB                 private         RSS");
        for (size_t i = 0; i < run->count; i++)
                printf("  %-20s %12lld %11lld\n", run->services[i].instance, (long long)run->services[i].anonymous_kb,
                       (long long)run->services[i].rss_kb);
}

static void print_table(const struct run *run)
{
        puts("orders");
        if (run->player)
                print_player(run->player);
        if (run->audit)
                print_audit(run->audit);
        print_works(run);
        if (run->audit)
                puts(json_is_true(json_object_get(run->audit, "balanced")) ? "the books balance"
                                                                           : "THE BOOKS DO NOT BALANCE");
}

static json_t *memory_json(const struct run *run)
{
        json_t *memory = json_object();

        for (size_t i = 0; i < run->count; i++)
                json_object_set_new(memory, run->services[i].instance,
                                    json_pack("{s:I,s:I}", "private_kb", (json_int_t)run->services[i].anonymous_kb,
                                              "rss_kb", (json_int_t)run->services[i].rss_kb));
        return memory;
}

static void print_json(const struct run *run)
{
        const struct histogram *calls = &run->sum.calls;
        json_t *root = json_pack("{s:O*,s:O*,s:I,s:I,s:I,s:I,s:{s:I,s:f,s:f},s:f,s:o}", "player", run->player, "books",
                                 run->audit, "records_handled", (json_int_t)run->sum.handled, "records_sent",
                                 (json_int_t)run->sum.sent, "retries", (json_int_t)run->sum.retried, "dead_letters",
                                 (json_int_t)run->sum.dead_letters, "calls", "count",
                                 (json_int_t)(calls->count ? calls->counts[calls->count - 1] : 0), "p50_ms",
                                 histogram_quantile(calls, 0.5) * 1e3, "p99_ms", histogram_quantile(calls, 0.99) * 1e3,
                                 "seconds", run->seconds, "memory", memory_json(run));

        json_dumpf(root, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
        putchar('\n');
        json_decref(root);
}

static json_t *load(const char *file)
{
        json_error_t problem;
        json_t *root = json_load_file(file, JSON_DISABLE_EOF_CHECK, &problem);

        if (!root)
                fprintf(stderr, "shop-figures: %s: %s\n", file, problem.text);
        return root;
}

int main(int argc, char **argv)
{
        static const struct option known[] = { { "run-folder", required_argument, NULL, 'r' },
                                               { "player", required_argument, NULL, 'p' },
                                               { "audit", required_argument, NULL, 'a' },
                                               { "seconds", required_argument, NULL, 's' },
                                               { "help", no_argument, NULL, 'h' },
                                               { 0 } };
        static struct run run;
        bool json = false, complete = true;
        int option;

        while ((option = getopt_long(argc, argv, "o:", known, NULL)) != -1) {
                switch (option) {
                case 'r':
                        run.folder = optarg;
                        break;
                case 'p':
                        run.player = load(optarg);
                        complete = complete && run.player;
                        break;
                case 'a':
                        run.audit = load(optarg);
                        complete = complete && run.audit;
                        break;
                case 's':
                        run.seconds = strtod(optarg, NULL);
                        break;
                case 'o':
                        json = strcmp(optarg, "json") == 0;
                        break;
                case 'h':
                        fputs(usage, stdout);
                        return 0;
                default:
                        fputs(usage, stderr);
                        return 64;
                }
        }
        if (!run.folder || optind < argc) {
                fputs(usage, stderr);
                return 64;
        }
        if (!complete) /* a table without them would look like a result */
                return 1;
        curl_global_init(CURL_GLOBAL_DEFAULT);
        ask_all(&run);
        if (json)
                print_json(&run);
        else
                print_table(&run);
        json_decref(run.player);
        json_decref(run.audit);
        curl_global_cleanup();
        return 0;
}
