#!/bin/sh
# {TITLE}
# {COUNT} shards with GNU parallel, here or on the machines of --sshloginfile, which share this folder.
# The same command goes on with what failed.
set -eu
seq {COUNT} | parallel --joblog {NAME}.joblog --resume-failed \
    {QUOTED} --shard "{}/{COUNT}" --threads 1
{MERGE}
