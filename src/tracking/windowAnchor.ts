import { composeAt, POSE_NUMBERS, relativeAt } from '../geometry/poseChain.js';
import type { WindowWorkspace } from './windowProblem.js';

/** Where the descent starts: the chain of motions hung on the fix that most others agree with, by distance and angle
 * alone, allowing for what the motions between may have added up to. Each fix takes its turn, so a wrong majority of
 * recent frames is all that can mislead it. Fills `ws.poses`, and `ws.weights` with 1 for those that agree.
 * O(fixes^2) cheap comparisons. */
export function startFromBestFix(ws: WindowWorkspace, limit: number): void {
  chainMotions(ws);
  let best = 0;
  let bestCost = Number.POSITIVE_INFINITY;
  for (let fix = 0; fix < ws.fixes; fix++) {
    hangChain(fix, ws);
    const cost = disagreement(fix, ws, limit, bestCost);
    if (!(cost < bestCost)) continue;
    best = fix;
    bestCost = cost;
  }
  hangChain(best, ws);
  for (let fix = 0; fix < ws.fixes; fix++) ws.weights[fix] = squaredSigmas(fix, best, ws) < limit ? 1 : 0;
}

/** firstFromNode of every node and its variances, from the motions alone. */
function chainMotions({ chain, chainSpread, motions, motionSpread, count }: WindowWorkspace): void {
  chain.fill(0, 0, POSE_NUMBERS);
  chain[6] = 1;
  chainSpread.fill(0, 0, 2);
  for (let node = 1; node < count; node++) {
    const at = POSE_NUMBERS * node;
    composeAt(chain, at - POSE_NUMBERS, motions, at, chain, at);
    for (let i = 2 * node; i < 2 * node + 2; i++) chainSpread[i] = chainSpread[i - 2] + motionSpread[i];
  }
}

function hangChain(fix: number, ws: WindowWorkspace): void {
  const { chain, poses, fixPoses, fixNode, count } = ws;
  for (let node = 0; node < count; node++) {
    relativeAt(chain, POSE_NUMBERS * fixNode[fix], chain, POSE_NUMBERS * node, ws.difference, 0);
    composeAt(fixPoses, POSE_NUMBERS * fix, ws.difference, 0, poses, POSE_NUMBERS * node);
  }
}

/** Sum over fixes of the squared distance in sigmas, each at most `limit`, given up past `giveUpAt`. */
function disagreement(anchor: number, ws: WindowWorkspace, limit: number, giveUpAt: number): number {
  let cost = 0;
  for (let fix = 0; fix < ws.fixes && cost < giveUpAt; fix++)
    cost += Math.min(limit, squaredSigmas(fix, anchor, ws));
  return cost;
}

function squaredSigmas(fix: number, anchor: number, ws: WindowWorkspace): number {
  const { fixSpread, chainSpread, fixNode, fixPoses, poses, difference } = ws;
  const here = fixNode[fix];
  const there = fixNode[anchor];
  const between = Math.abs(chainSpread[2 * here] - chainSpread[2 * there]);
  const rotation = fixSpread[2 * fix] + fixSpread[2 * anchor] + between;
  const apart = Math.abs(chainSpread[2 * here + 1] - chainSpread[2 * there + 1]);
  // a rotation that is a little off swings what is far from the anchor
  const swing = rotation * squaredDistance(poses, here, there);
  const translation = fixSpread[2 * fix + 1] + fixSpread[2 * anchor + 1] + apart + swing;
  relativeAt(fixPoses, POSE_NUMBERS * fix, poses, POSE_NUMBERS * here, difference, 0);
  const x = difference[0];
  const y = difference[1];
  const z = difference[2];
  const squaredSine = difference[3] ** 2 + difference[4] ** 2 + difference[5] ** 2;
  const angle = 2 * Math.atan2(Math.sqrt(squaredSine), Math.abs(difference[6]));
  return (x * x + y * y + z * z) / translation + (angle * angle) / rotation;
}

function squaredDistance(poses: Float64Array, a: number, b: number): number {
  let sum = 0;
  for (let i = 0; i < 3; i++) sum += (poses[POSE_NUMBERS * a + i] - poses[POSE_NUMBERS * b + i]) ** 2;
  return sum;
}
