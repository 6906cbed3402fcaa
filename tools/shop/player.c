/* SPDX-License-Identifier: Apache-2.0 */
/* shop-player: plays orders through the gateway, after writing down what it is about to do. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shop/clock.h"
#include "shop/invent.h"
#include "shop/order.h"
#include "shop/post.h"
#include "shop/progress.h"
#include "shop/retail.h"

/* Intents are on disk before the first of them is posted; this many share one fsync. */
#define INTENT_BATCH     64
#define GATEWAYS_MAXIMUM 16

enum exit_code { ALL_TAKEN = 0, NOT_ALL_TAKEN = 1, WRONG_USE = 64, BAD_INPUT = 65, CANNOT_WRITE = 73 };

struct options {
        const char *orders_file; /* NULL: invent them */
        size_t count;
        uint64_t seed;
        double rate; /* orders a second; 0: as fast as they are taken */
        const char *run;
        const char *intents;
        const char *gateways[GATEWAYS_MAXIMUM];
        size_t gateway_count;
        size_t connections;
        int64_t patience_s;
        size_t topic_bytes; /* most that a topic of the broker can hold; 0: no limit */
        bool print;
};

struct player {
        const struct options *options;
        struct orders orders;
        struct retail_report report;
        FILE *intents;
        size_t intended, sent, finished;
        size_t results[POST_RESULTS];
        struct progress progress;
        int64_t started_ms;
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal_number)
{
        interrupted = signal_number;
}

static const char usage[] = "usage: shop-player --intents FILE --gateway HOST:PORT|PORT-FILE [--gateway …]\n"
                            "                   [--orders CSV[.gz] | --count N (2000) --seed N (1)] [--rate N/s] "
                            "[--run ID] [--connections N (16)]\n"
                            "                   [--patience SECONDS (120)] [--topic-bytes N] [--print]\n"
                            "Posts orders to the gateway and prints one line of JSON with the counts. --orders takes "
                            "order lines in the columns of the\n"
                            "UCI Online Retail data. --print posts nothing and prints the bodies. Exit 0: every order "
                            "was taken; 1: not every one.\n";

static bool read_number(const char *text, double least, double most, double *ret_value)
{
        char *end;

        errno = 0;
        *ret_value = strtod(text, &end);
        return end != text && !*end && !errno && *ret_value >= least && *ret_value <= most;
}

static void wrong_use(const char *option, const char *value)
{
        fprintf(stderr, "shop-player: --%s: '%s' will not do\n%s", option, value, usage);
        exit(WRONG_USE);
}

static double number_of(const char *option, const char *text, double least, double most)
{
        double value;

        if (!read_number(text, least, most, &value))
                wrong_use(option, text);
        return value;
}

static void read_option(struct options *options, int option, const char *name, const char *value)
{
        switch (option) {
        case 'o':
                options->orders_file = value;
                break;
        case 'n':
                options->count = (size_t)number_of(name, value, 1, 10e6);
                break;
        case 's':
                options->seed = (uint64_t)number_of(name, value, 0, 9e15);
                break;
        case 'r':
                options->rate = number_of(name, value, 0.001, 1e6);
                break;
        case 'i':
                options->intents = value;
                break;
        case 'c':
                options->connections = (size_t)number_of(name, value, 1, 256);
                break;
        case 'p':
                options->patience_s = (int64_t)number_of(name, value, 1, 86400);
                break;
        case 'b':
                options->topic_bytes = (size_t)number_of(name, value, 1, 9e15);
                break;
        case 'P':
                options->print = true;
                break;
        case 'R':
                if (!*value || strlen(value) > 32 || value[strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789")])
                        wrong_use(name, value);
                options->run = value;
                break;
        case 'g':
                if (options->gateway_count == GATEWAYS_MAXIMUM)
                        wrong_use(name, value);
                options->gateways[options->gateway_count++] = value;
                break;
        default:
                fputs(usage, option == 'h' ? stdout : stderr);
                exit(option == 'h' ? 0 : WRONG_USE);
        }
}

static void read_options(int argc, char **argv, struct options *options)
{
        static const struct option known[] = {
                { "orders", required_argument, NULL, 'o' },
                { "count", required_argument, NULL, 'n' },
                { "seed", required_argument, NULL, 's' },
                { "rate", required_argument, NULL, 'r' },
                { "run", required_argument, NULL, 'R' },
                { "intents", required_argument, NULL, 'i' },
                { "gateway", required_argument, NULL, 'g' },
                { "connections", required_argument, NULL, 'c' },
                { "patience", required_argument, NULL, 'p' },
                { "topic-bytes", required_argument, NULL, 'b' },
                { "print", no_argument, NULL, 'P' },
                { "help", no_argument, NULL, 'h' },
                { 0 },
        };
        int option, index = 0;

        while ((option = getopt_long(argc, argv, "", known, &index)) != -1)
                read_option(options, option, known[index].name, optarg);
        if (optind < argc || (!options->print && (!options->gateway_count || !options->intents))) {
                fputs(usage, stderr);
                exit(WRONG_USE);
        }
}

static bool gather(struct player *player)
{
        const struct options *options = player->options;

        if (!options->orders_file) {
                invent_orders(&player->orders, options->count, options->seed);
                return true;
        }
        if (!retail_read(options->orders_file, &player->orders, &player->report))
                return false;
        if (player->orders.count == 0)
                fprintf(stderr, "%s: there is no order in it\n", options->orders_file);
        return player->orders.count > 0;
}

/* A broker that silently drops what does not fit would make the books lie. */
static bool fits(const struct player *player)
{
        size_t placed = 0, moved = 0, limit = player->options->topic_bytes;

        for (size_t i = 0; i < player->orders.count; i++) {
                placed += order_event_size(player->orders.at[i]);
                moved += order_move_size(player->orders.at[i]);
        }
        if (!limit || (placed <= limit && moved <= limit))
                return true;
        fprintf(stderr,
                "shop-player: %zu orders make about %zu MB in one topic, and the broker holds %zu MB: play fewer, or "
                "use Apache Kafka (--brokers)\n",
                player->orders.count, (placed > moved ? placed : moved) >> 20, limit >> 20);
        return false;
}

static void on_done(void *context, size_t order, enum post_result result, const char *answer)
{
        struct player *player = context;

        player->finished++;
        if (player->results[result]++ < 20 && result != POST_TAKEN)
                fprintf(stderr, "shop-player: order %s-%s was %s: %s\n", player->options->run,
                        player->orders.at[order]->id, result == POST_REFUSED ? "refused" : "given up", answer);
}

/* Writes down the next batch before any of it is posted. */
static bool intend(struct player *player)
{
        size_t end = player->intended + INTENT_BATCH;

        if (end > player->orders.count)
                end = player->orders.count;
        while (player->intended < end)
                order_intent(player->orders.at[player->intended++], player->options->run, player->intents);
        if (fflush(player->intents) == 0 && fsync(fileno(player->intents)) == 0)
                return true;
        fprintf(stderr, "shop-player: %s: %s\n", player->options->intents, strerror(errno));
        return false;
}

/* How long until the next order is due: 0 when it is. */
static int64_t due_in_ms(const struct player *player)
{
        if (player->options->rate <= 0)
                return 0;
        int64_t due = player->started_ms + (int64_t)((double)player->sent * 1000 / player->options->rate);
        int64_t now = clock_ms();
        return due > now ? due - now : 0;
}

static bool play(struct player *player, struct poster *poster)
{
        size_t count = player->orders.count;

        player->started_ms = clock_ms();
        while (player->finished < count && !interrupted) {
                int64_t due = player->sent < count ? due_in_ms(player) : 1000;
                while (player->sent < count && due == 0 && poster_has_room(poster)) {
                        if (player->sent == player->intended && !intend(player))
                                return false;
                        poster_send(poster, player->sent,
                                    order_body(player->orders.at[player->sent], player->options->run));
                        player->sent++;
                        due = due_in_ms(player);
                }
                /* With every connection busy, the next thing to happen is an answer. */
                poster_turn(poster, poster_has_room(poster) && due < 1000 ? due : 1000);
                progress_show(&player->progress, player->finished);
        }
        progress_end(&player->progress);
        return true;
}

static void print_result(const struct player *player, uint64_t retries)
{
        size_t returns = 0;

        for (size_t i = 0; i < player->orders.count; i++)
                returns += player->orders.at[i]->is_return;
        printf("{\"run\":\"%s\",\"orders\":%zu,\"returns\":%zu,\"rows\":%zu,\"bad_rows\":%zu,\"intended\":%zu,"
               "\"taken\":%zu,"
               "\"refused\":%zu,\"given_up\":%zu,\"retries\":%" PRIu64 ",\"seconds\":%.3f}\n",
               player->options->run, player->orders.count, returns, player->report.rows, player->report.bad_rows,
               player->intended, player->results[POST_TAKEN], player->results[POST_REFUSED],
               player->results[POST_GIVEN_UP], retries, (double)(clock_ms() - player->started_ms) / 1000);
}

static void print_bodies(const struct player *player)
{
        for (size_t i = 0; i < player->orders.count; i++) {
                char *body = order_body(player->orders.at[i], player->options->run);
                puts(body);
                free(body);
        }
}

static int run(struct player *player)
{
        const struct options *options = player->options;

        player->intents = fopen(options->intents, "ae");
        if (!player->intents) {
                fprintf(stderr, "shop-player: %s: %s\n", options->intents, strerror(errno));
                return CANNOT_WRITE;
        }
        struct poster *poster = poster_new(&(struct poster_config){ .gateways = options->gateways,
                                                                    .gateway_count = options->gateway_count,
                                                                    .connections = options->connections,
                                                                    .patience_ms = options->patience_s * 1000,
                                                                    .done = on_done,
                                                                    .context = player });
        bool written = play(player, poster);
        print_result(player, poster_retries(poster));
        poster_free(poster);
        fclose(player->intents);
        if (!written)
                return CANNOT_WRITE;
        if (interrupted)
                return 128 + interrupted;
        return player->results[POST_TAKEN] == player->orders.count ? ALL_TAKEN : NOT_ALL_TAKEN;
}

int main(int argc, char **argv)
{
        struct options options = { .count = 2000, .seed = 1, .run = "r1", .connections = 16, .patience_s = 120 };
        struct player player = { .options = &options, .progress = { .what = "placing orders" } };
        int status = BAD_INPUT;

        signal(SIGINT, on_interrupt);
        signal(SIGTERM, on_interrupt);
        read_options(argc, argv, &options);
        if (gather(&player) && fits(&player)) {
                player.progress.total = player.orders.count;
                status = ALL_TAKEN;
                if (options.print)
                        print_bodies(&player);
                else
                        status = run(&player);
        }
        orders_free(&player.orders);
        return status;
}
