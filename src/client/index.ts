export type {
  ErrorMessage,
  HelloMessage,
  LostMessage,
  PosedMessage,
  PoseMessage,
  SourceStatus,
  StatusMessage,
} from '../server/wire.js';
export type { LinkState } from './line.js';
export { connectPoses, type PoseFeed, type PoseFeedOptions } from './poseFeed.js';
export type { StreamState } from './streamBooks.js';
