export type {
  ErrorMessage,
  HelloMessage,
  LostMessage,
  PosedMessage,
  PoseMessage,
  StatusMessage,
} from '../server/wire.js';
export { connectPoses, type LinkState, type PoseFeed, type PoseFeedOptions } from './poseFeed.js';
