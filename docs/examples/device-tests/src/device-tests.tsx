/**
 * One screen: start, verdicts, the report's way off the phone.
 *
 * @module
 */
import { shareAsync } from "expo-sharing";
import { useState } from "react";
import type { ReactElement } from "react";
import { Button, SafeAreaView, ScrollView, Text } from "react-native";
import type { KeyStoreReport } from "../../../../conformance/src/key-stores/case.ts";
import type { SuiteResult } from "../../../../conformance/src/suite.ts";
import { runOnDevice } from "./run-on-device.ts";

/** The screen. */
export function DeviceTests(): ReactElement {
  const [lines, setLines] = useState<readonly string[]>([]);
  const [uri, setUri] = useState<string>();
  const [isRunning, setIsRunning] = useState(false);
  const start = async (): Promise<void> => {
    setIsRunning(true);
    setLines([]);
    try {
      const say = (added: readonly string[]): void => setLines((before) => [...before, ...added]);
      const saved = await runOnDevice({ onStore: (report) => say(linesOf(report)), onSuite: (cipher, result) => say(linesOfSuite(cipher, result)) });
      setUri(saved.uri);
    } catch (error) {
      setLines((before) => [...before, `stopped: ${String(error)}`]);
    } finally {
      setIsRunning(false);
    }
  };
  return (
    <SafeAreaView style={{ flex: 1 }}>
      <Button title={isRunning ? "Running" : "Run the cases"} disabled={isRunning} onPress={() => void start()} />
      {uri === undefined ? null : <Button title="Share the report" onPress={() => void shareAsync(uri)} />}
      <ScrollView>{lines.map((line, index) => <Text key={index} selectable>{line}</Text>)}</ScrollView>
    </SafeAreaView>
  );
}

function linesOf({ adapter, cases }: KeyStoreReport): string[] {
  const count = (status: string): number => cases.filter((one) => one.status === status).length;
  const failures = cases.filter(({ status }) => status === "failed").map(({ number, failure }) => `${number}: ${failure}`);
  return [`${adapter}: ${count("passed")} passed, ${count("failed")} failed, ${count("not run")} not run`, ...failures];
}

function linesOfSuite(cipher: string, { suite, form, status, reason, checks, figures }: SuiteResult): string[] {
  const failed = checks.filter(({ failure }) => failure !== undefined);
  const first = `${cipher}, ${suite}, ${form}: ${status}${reason === undefined ? `, ${checks.length - failed.length} of ${checks.length}` : `: ${reason}`}`;
  return [first, ...failed.map(({ title, failure }) => `${title}: ${failure}`), ...figures.map(({ title, text }) => `${title}: ${text}`)];
}
