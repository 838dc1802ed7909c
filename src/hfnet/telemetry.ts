/** Left alone, onnxruntime reports its use to its maker and keeps an identifier of the machine in the user's cache. It asks
 * the process's environment when the first session is made; a thread's own is a copy that it does not see, so the thread
 * that starts others calls this too. Whoever wants reports sets the variable to 0. */
export function switchTelemetryOff(): void {
  process.env.ORT_DISABLE_TELEMETRY ??= '1';
}
