// What Spring MVC on Jetty says under `do`, wherever an app asks for it. `java -cp … Spring.java PORT` says `ready` once it listens.
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import javax.servlet.MultipartConfigElement;
import javax.servlet.http.HttpServletRequest;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.servlet.ServletContextHandler;
import org.eclipse.jetty.servlet.ServletHolder;
import org.springframework.http.converter.json.MappingJackson2HttpMessageConverter;
import org.springframework.stereotype.Controller;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseBody;
import org.springframework.web.context.support.StaticWebApplicationContext;
import org.springframework.web.multipart.support.StandardServletMultipartResolver;
import org.springframework.web.servlet.DispatcherServlet;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerAdapter;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;

public class Spring {
  /** What a form that is bound to an object gets: `do` is no name in Java. */
  public static class Form {
    private String[] said = {};

    public String[] getSaid() {
      return said;
    }

    public void setDo(String[] values) {
      said = values;
    }
  }

  @Controller
  public static class Said {
    @RequestMapping(path = "/", consumes = {"!application/json", "!application/*+json"})
    @ResponseBody
    public List<String> params(
        HttpServletRequest request, @RequestParam(name = "do", required = false) String[] asked, Form form) {
      List<String> said = new ArrayList<>(Arrays.asList(form.getSaid()));
      for (String[] values : new String[][] {asked, request.getParameterValues("do")})
        if (values != null) said.addAll(Arrays.asList(values));
      return said;
    }

    @RequestMapping(path = "/", consumes = {"application/json", "application/*+json"})
    @ResponseBody
    public List<String> json(
        @RequestParam(name = "do", required = false) String[] asked, @RequestBody Map<String, Object> body) {
      List<String> said = new ArrayList<>(asked == null ? List.of() : Arrays.asList(asked));
      texts(body.get("do"), said);
      return said;
    }

    private static void texts(Object value, List<String> said) {
      if (value instanceof List) ((List<?>) value).forEach(it -> texts(it, said));
      else if (value instanceof Map) ((Map<?, ?>) value).values().forEach(it -> texts(it, said));
      else if (value != null) said.add(value.toString());
    }
  }

  public static class Adapter extends RequestMappingHandlerAdapter {
    public Adapter() {
      getMessageConverters().add(new MappingJackson2HttpMessageConverter());
    }
  }

  public static void main(String[] args) throws Exception {
    StaticWebApplicationContext beans = new StaticWebApplicationContext();
    beans.registerSingleton("said", Said.class);
    beans.registerSingleton("mapping", RequestMappingHandlerMapping.class);
    beans.registerSingleton("adapter", Adapter.class);
    beans.registerSingleton("multipartResolver", StandardServletMultipartResolver.class);
    ServletHolder servlet = new ServletHolder(new DispatcherServlet(beans));
    servlet.getRegistration().setMultipartConfig(new MultipartConfigElement(System.getProperty("java.io.tmpdir")));
    ServletContextHandler context = new ServletContextHandler();
    context.addServlet(servlet, "/*");
    Server server = new Server(new java.net.InetSocketAddress("127.0.0.1", Integer.parseInt(args[0])));
    server.setHandler(context);
    server.start();
    System.out.println("ready");
  }
}
