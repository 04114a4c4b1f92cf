// What ASP.NET (Mono's System.Web) says under `do`, wherever an app asks for it. `mono AspNet.exe PORT` says `ready` once it listens.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Text;
using System.Threading;
using System.Web;
using System.Web.Hosting;
using System.Web.Script.Serialization;

class AspNet {
    static readonly JavaScriptSerializer Json = new JavaScriptSerializer();

    static void Main(string[] args) {
        var listener = new HttpListener();
        listener.Prefixes.Add("http://127.0.0.1:" + args[0] + "/");
        listener.Start();
        Console.WriteLine("ready");
        while (true) {
            var asked = listener.GetContext();
            ThreadPool.QueueUserWorkItem(_ => Answer(asked));
        }
    }

    static void Answer(HttpListenerContext asked) {
        var request = new HttpContext(new Worker(asked.Request)).Request;
        var said = Values(() => request.QueryString.GetValues("do"))
            .Concat(Values(() => request.Form.GetValues("do")))
            .Concat(Values(() => new[] { request["do"] }))
            .Concat(Values(() => Told(request)))
            .Where(it => it != null);
        var bytes = Encoding.UTF8.GetBytes(Json.Serialize(said));
        asked.Response.ContentType = "application/json";
        asked.Response.ContentLength64 = bytes.Length;
        asked.Response.OutputStream.Write(bytes, 0, bytes.Length);
        asked.Response.Close();
    }

    static IEnumerable<string> Values(Func<IEnumerable<string>> ask) {
        try {
            return (ask() ?? new string[0]).ToArray();
        } catch (Exception) {
            return new string[0]; // The app would answer 400 or 500.
        }
    }

    /** As MVC reads JSON for a model: names in any case. */
    static IEnumerable<string> Told(HttpRequest request) {
        if (!request.ContentType.StartsWith("application/json", StringComparison.OrdinalIgnoreCase)) return null;
        request.InputStream.Position = 0;
        var body = Json.DeserializeObject(new StreamReader(request.InputStream).ReadToEnd()) as IDictionary<string, object>;
        if (body == null) return null;
        return body.Where(it => it.Key.Equals("do", StringComparison.OrdinalIgnoreCase)).SelectMany(it => Texts(it.Value));
    }

    static IEnumerable<string> Texts(object value) {
        var list = value as object[];
        if (list != null) return list.SelectMany(Texts);
        var names = value as IDictionary<string, object>;
        if (names != null) return names.Values.SelectMany(Texts);
        return value == null ? new string[0] : new[] { Convert.ToString(value) };
    }

    /** Hands a request over as IIS does, byte for byte. */
    class Worker : SimpleWorkerRequest {
        readonly HttpListenerRequest asked;
        readonly byte[] body;

        public Worker(HttpListenerRequest asked)
            : base("/", AppDomain.CurrentDomain.BaseDirectory, "", "", TextWriter.Null) {
            this.asked = asked;
            var read = new MemoryStream();
            asked.InputStream.CopyTo(read);
            body = read.ToArray();
        }

        string After { get { var at = asked.RawUrl.IndexOf('?'); return at < 0 ? "" : asked.RawUrl.Substring(at + 1); } }
        public override string GetHttpVerbName() { return asked.HttpMethod; }
        public override string GetRawUrl() { return asked.RawUrl; }
        public override string GetUriPath() { return "/"; }
        public override string GetQueryString() { return After; }
        public override byte[] GetQueryStringRawBytes() { return Encoding.ASCII.GetBytes(After); }
        public override string GetKnownRequestHeader(int index) { return asked.Headers[GetKnownRequestHeaderName(index)]; }
        public override string GetUnknownRequestHeader(string name) { return asked.Headers[name]; }
        public override byte[] GetPreloadedEntityBody() { return body; }
        public override bool IsEntireEntityBodyIsPreloaded() { return true; }
    }
}
