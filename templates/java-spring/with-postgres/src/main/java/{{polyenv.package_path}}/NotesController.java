package {{polyenv.package}};

import java.util.List;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ResponseStatusException;

@RestController
class NotesController {

  private final Notes notes;

  NotesController(Notes notes) {
    this.notes = notes;
  }

  @GetMapping("/notes")
  List<Notes.Note> list() {
    return notes.list();
  }

  @PostMapping("/notes")
  @ResponseStatus(HttpStatus.CREATED)
  Notes.Note add(@RequestBody NewNote note) {
    if (note.text() == null || note.text().isEmpty()) {
      throw new ResponseStatusException(HttpStatus.BAD_REQUEST, "text is missing");
    }
    return notes.add(note.text());
  }

  record NewNote(String text) {}
}
