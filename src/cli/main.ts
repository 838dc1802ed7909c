import { Command } from 'commander';
import { EXIT, reportError } from './command.js';
import { packageVersion } from './version.js';

const EXAMPLES = `
Examples:
  posestream demo                                              a rendered town, live in your browser
  posestream map build walk/ --out walk.map                    a map from posed images
  posestream localize walk.mp4 --map walk.map --out poses.tum  poses of a recording
  posestream eval poses.tum --reference truth.tum              how good they are
  posestream serve --map walk.map --stream cam=rtsp://…        live poses over WebSocket

Exit codes: 0 it ran, 1 it failed (an E_… code on stderr), 2 wrong usage, 130 interrupted.`;

/** Each brings libraries of its own: only the one that is asked for is loaded, so that it begins at once. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  map: async () => (await import('./map.js')).mapCommand(),
  localize: async () => (await import('./localize.js')).localizeCommand(),
  eval: async () => (await import('./eval.js')).evalCommand(),
  serve: async () => (await import('./serve.js')).serveCommand(),
  model: async () => (await import('./model.js')).modelCommand(),
  demo: async () => (await import('./demo.js')).demoCommand(),
  replay: async () => (await import('./replay.js')).replayCommand(),
  export: async () => (await import('./export.js')).exportCommand(),
};

async function createProgram(asked: string): Promise<Command> {
  const program = new Command('posestream')
    .description('Where is this camera, and which way does it look? Live, against a map built beforehand.')
    .version(packageVersion())
    .addHelpText('after', EXAMPLES);
  const names = Object.hasOwn(COMMANDS, asked) ? [asked] : Object.keys(COMMANDS);
  for (const name of names) program.addCommand(await COMMANDS[name]());
  exitByThrowing(program);
  return program;
}

/** Commander would exit with 1 on wrong usage; ours is 2, decided in one place. */
function exitByThrowing(command: Command): void {
  command.exitOverride().showHelpAfterError('(--help shows what is understood)');
  command.commands.forEach(exitByThrowing);
}

// A reader that has seen enough (`| head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.ok);
  throw error;
});

try {
  const program = await createProgram(process.argv[2] ?? '');
  if (process.argv.length <= 2) {
    program.outputHelp({ error: true });
    process.exitCode = EXIT.usage;
  } else await program.parseAsync();
} catch (error) {
  process.exitCode = reportError(error);
}
