// event-ruler as a judge. A JSON object a line, {"rules": {name: pattern text}, "event": text}; for each an answer, the
// names that match, sorted and with a comma between them, or "error". Each line has a machine of its own.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.TreeSet;
import software.amazon.event.ruler.Machine;

public class Judge {
  public static void main(String[] arguments) throws Exception {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    ObjectMapper mapper = new ObjectMapper();
    for (String line; (line = in.readLine()) != null; ) out.println(judge(mapper.readTree(line)));
    out.flush();
  }

  private static String judge(JsonNode record) {
    try {
      Machine machine = Machine.builder().build();
      JsonNode rules = record.get("rules");
      for (Iterator<String> names = rules.fieldNames(); names.hasNext(); ) {
        String name = names.next();
        machine.addRule(name, rules.get(name).textValue());
      }
      return String.join(",", new TreeSet<>(machine.rulesForJSONEvent(record.get("event").textValue())));
    } catch (Exception | StackOverflowError problem) {
      return "error";
    }
  }
}
