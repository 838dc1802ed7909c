import { FASTEST } from './jumps.js';

export const EVAL_HELP = `
Examples:
  posestream eval poses.tum --reference set/poses_tum.txt
  posestream eval poses.tum --reference set/poses_tum.txt --list set/query.txt --json
  posestream eval frames.jsonl --reference truth.tum --threshold 0.1m,1deg --use smooth
  posestream eval --compare frame.jsonl sequence.jsonl --reference truth.tum
  posestream eval frames.jsonl --reference truth.tum --plots pictures --png --map town.map
  posestream eval 00.txt --times times.txt --reference truth.tum --align sim3
  posestream eval poses.tum --write-kitti poses.txt --write-times times.txt

A TUM line holds \`timestamp tx ty tz qx qy qz qw\`, a KITTI line the 12 numbers of a row-major [R | t]; both are
camera-to-world, camera x right, y down, z forward. A report is what \`localize --report\` writes; only reports know
confidence, states, sources and timings. With --use smooth a frame that nothing smooths yet counts with its raw
pose.

What is counted
  queries             poses of the reference, or those on the list; one without an estimate counts as missed.
                      Names on the list get their timestamps from images.csv beside the reference
  within D, A         share of queries whose camera centre is within D and whose orientation is within A
  trajectory RMSE     root mean square of the errors (absolute trajectory error)
  step error          error of the motion from each posed query to the next (relative pose error)
  confident but wrong posed with confidence ≥ 0.5, but more than 0.5 m or 5° off
  calibration error   expected calibration error over ten bins: how far confidence is from the share that is
                      within 0.5 m and 5°
  jumps               steps from one pose to the next that differ from the reference's own step by more than
                      --jump; where the reference does not know both moments, steps longer than --jump plus
                      ${FASTEST.mPerS} m/s and ${FASTEST.degPerS}°/s times the time between. Announced: resetCounter grew
  outcome, state, …   shares of all frames of the run, also of those that the reference does not know

Exit codes: 0 evaluated, whatever came out; 1 a file cannot be read (its name and line are told); 2 wrong usage.`;
