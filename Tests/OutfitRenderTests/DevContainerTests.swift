import OutfitCore
import Testing

@testable import OutfitRender

@Suite struct DevContainerTests {
  private func complaints(_ text: String, services: Set<String>? = ["workspace", "redis"]) throws -> [String]
  {
    DevContainerCheck.complaints(try Document.parseJSON(text, file: "devcontainer.json"), services: services)
      .map(\.message)
  }

  private let compose = "\"dockerComposeFile\": \"../compose.yaml\", \"workspaceFolder\": \"/workspace\""

  @Test func whatIsRenderedIsOne() throws {
    for app in Shop.all {
      let files = try Render.files(Shop.input(app)).files
      let file = try #require(files.first { $0.path.hasSuffix("devcontainer.json") })
      #expect(try complaints(file.content, services: nil) == [])
    }
  }

  @Test func aTemplateOfOnesOwnIsChecked() throws {
    var input = Shop.input()
    let path = ".devcontainer/devcontainer.json"
    let text = try #require(input.template.files[path]?.text)
    input.template.files[path]?.text = text.replacing("\"redis\"", with: "\"rediss\"")
    let failure = #expect(throws: Failure.self) { try Render.files(input) }
    #expect(failure?.diagnostics.map(\.message) == ["compose.yaml has no service `rediss`"])
    input.template.files[path]?.text = text.replacing("\"remoteUser\"", with: "\"remoteUsers\"")
    let unknown = #expect(throws: Failure.self) { try Render.files(input) }
    #expect(unknown?.diagnostics.first?.hint == "did you mean `remoteUser`?")
  }

  @Test func mistakesAreNamed() throws {
    #expect(try complaints("{\(compose), \"service\": \"workspace\"}") == [])
    #expect(try complaints("{\(compose)}") == ["`dockerComposeFile` needs `service` beside it"])
    #expect(
      try complaints("{\(compose), \"service\": \"workspace\", \"runServices\": [\"redis\", \"db\"]}")
        == ["compose.yaml has no service `db`"])
    #expect(try complaints("{\"name\": \"x\"}") == ["it names no image"])
    #expect(try complaints("{\"image\": \"debian\", \"init\": \"yes\"}") == ["`init` must be true or false"])
    #expect(
      try complaints("{\"image\": \"debian\", \"forwardPorts\": [8000, \"db:5432\", \"x\", 70000]}")
        == ["`forwardPorts` has \"x\"", "`forwardPorts` has 70000"])
    #expect(
      try complaints("{\"image\": \"debian\", \"postCreateCommand\": {\"a\": \"b\"}, \"features\": []}")
        == ["`features` must be a mapping"])
  }
}
