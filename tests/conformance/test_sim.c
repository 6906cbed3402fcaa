/* SPDX-License-Identifier: Apache-2.0 */
/* The suite on the simulated cluster, in virtual time. */
#include <stdio.h>

#include "base/coroutine.h"
#include "broker/sim/sim.h"
#include "suite.h"

#define SEED     7
#define SWITCHES 100000000

struct machine {
        struct chappe_fibers *fibers;
        struct chappe_sim *sim;
        struct chappe_process *process;
        struct chappe_executor *executor;
        void (*body)(void *argument);
        void *argument;
        bool ended;
};

static int broker_open(struct stage *stage, struct chappe_broker **ret_broker, struct chappe_error *error)
{
        struct machine *machine = stage->context;

        return chappe_sim_open(machine->sim, machine->process, NULL, 0, ret_broker, error);
}

static int records_delete(struct trial *trial, int32_t partition, int64_t before)
{
        struct machine *machine = trial->stage->context;

        return chappe_sim_records_delete(machine->sim, trial->topic, partition, before);
}

static int topic_grow(struct trial *trial, int32_t partition_count)
{
        struct machine *machine = trial->stage->context;

        return chappe_sim_topic_grow(machine->sim, trial->topic, partition_count);
}

static int topic_delete(struct trial *trial)
{
        struct machine *machine = trial->stage->context;

        return chappe_sim_topic_delete(machine->sim, trial->topic);
}

static void run_body(void *argument)
{
        struct machine *machine = argument;

        machine->body(machine->argument);
        machine->ended = true;
}

static bool body_ended(void *context)
{
        struct machine *machine = context;

        return machine->ended && chappe_process_strands(machine->process) == 0;
}

static void perform(struct stage *stage, void (*body)(void *argument), void *argument)
{
        struct machine *machine = stage->context;
        struct chappe_strand *strand;
        enum chappe_fibers_end end;

        machine->body = body;
        machine->argument = argument;
        machine->ended = false;
        if (chappe_strand_start(machine->executor, "trial", run_body, machine, &strand, NULL) < 0)
                return;
        end = chappe_fibers_run(machine->fibers, chappe_fibers_now_us(machine->fibers) + 3600 * INT64_C(1000000),
                                SWITCHES, body_ended, machine);
        if (end == CHAPPE_FIBERS_DONE)
                chappe_strand_join(machine->executor, strand);
        else
                expect((struct trial *)argument, false, "the trial did not end: %d", (int)end);
}

int main(void)
{
        struct machine machine = { 0 };
        struct stage stage = { .name = "sim",
                               .run = "conformance",
                               .lacks = LACKS_STRANGERS,
                               .broker_open = broker_open,
                               .perform = perform,
                               .records_delete = records_delete,
                               .topic_grow = topic_grow,
                               .topic_delete = topic_delete,
                               .context = &machine };
        int failed;

        fprintf(stderr, "# seed %d\n", SEED);
        machine.fibers = chappe_fibers_new(&(struct chappe_fibers_config){ .seed = SEED, .give_way_ppm = 100000 });
        machine.sim = chappe_sim_new(machine.fibers, NULL);
        machine.process = chappe_process_new(machine.fibers, "client");
        machine.executor = stage.executor = chappe_process_executor(machine.process);
        stage.protocol = suite_protocol();
        stage.clock = chappe_process_clock(machine.process);
        failed = suite_run(&stage);
        if (failed)
                return failed; /* what a broken trial left behind cannot be taken apart */
        chappe_process_free(machine.process);
        chappe_sim_free(machine.sim);
        chappe_fibers_free(machine.fibers);
        chappe_coroutine_pool_drain();
        return 0;
}
