#!/bin/sh
# {TITLE}
# {COUNT} shards as a job array. Hand it in where the scenario is:  sbatch {NAME}.sbatch
# Then, when all are done:  {MERGE}
# A shard that was killed goes on where it was when it is handed in again:  sbatch --array=3 {NAME}.sbatch
#SBATCH --job-name={NAME}
#SBATCH --array=1-{COUNT}
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=1
#SBATCH --mem={MEGABYTES}M
#SBATCH --time={MINUTES}
#SBATCH --requeue
#SBATCH --output={NAME}.%a.log
exec {RUN} --shard "$SLURM_ARRAY_TASK_ID/{COUNT}" --threads "${SLURM_CPUS_PER_TASK:-1}"
