// event-ruler as a peer of bench/match.py; see bench/matching/matchers.py for what is said to it and what it answers.

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.StringJoiner;
import software.amazon.event.ruler.Machine;

public class Bench {
  public static void main(String[] arguments) throws Exception {
    List<String> events = Files.readAllLines(Path.of(arguments[0]));
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line; (line = in.readLine()) != null; ) {
      System.out.println(run(events, Files.readAllLines(Path.of(line))));
      System.out.flush();
    }
  }

  private static String run(List<String> events, List<String> rules) throws Exception {
    Machine machine = Machine.builder().build();
    long began = System.nanoTime();
    for (int i = 0; i < rules.size(); i++) machine.addRule("r" + i, rules.get(i));
    long built = System.nanoTime();
    int[] counts = new int[rules.size()];
    for (String event : events) {
      for (String name : machine.rulesForJSONEvent(event)) counts[Integer.parseInt(name.substring(1))]++;
    }
    long ended = System.nanoTime();
    StringJoiner all = new StringJoiner(",");
    for (int count : counts) all.add(Integer.toString(count));
    return String.format("{\"build\":%.6f,\"seconds\":%.6f,\"counts\":[%s]}", (built - began) / 1e9, (ended - built) / 1e9,
        all);
  }
}
